import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { gelu } from "./gelu.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";
import type { LinearParams } from "./mlp.ts";

/** How fine a level is: cells per token, per side, as in "x4"; "half" has one cell for 2x2 tokens. */
export type PyramidLevel = "x4" | "x2" | "x1" | "half";

/** `scale [dim]`, `bias [dim]` of a layer norm. */
type NormParams = { scale: tf.Tensor1D; bias: tf.Tensor1D };

/**
 * Weights of a pyramid over maps of width dim. Only the levels in `levels` are made.
 *
 * `kernel [in, 4 * out]` of an upsampling holds the four cells that a cell becomes, row by row.
 */
export type PyramidParams = {
  /** For "x2": one upsampling, dim to dim / 2. */
  double?: LinearParams;
  /** For "x4": two upsamplings, dim to dim / 2 to dim / 4, with a norm and GELU between them. */
  quadruple?: { first: LinearParams; norm: NormParams; second: LinearParams };
  /** Per level, a map to the common width, and its norm. */
  levels: { readonly [Level in PyramidLevel]?: { projection: LinearParams; norm: NormParams } };
};

const epsilon = 1e-6;

/**
 * Maps of several finenesses from the last map of a backbone, all of one width.
 *
 * @param map [batch, height, width, dim]
 * @returns per level in `params.levels`, [batch, height * f, width * f, out] with f = 4, 2, 1; "half" rounds sides up
 * @throws where widths differ or a level lacks its upsampling
 * Source: the simple feature pyramid of ViTDet, arXiv 2203.16527 section 3; the 3x3 convolution after each level is left out.
 */
export function featurePyramid(params: PyramidParams, map: tf.Tensor4D): { [Level in PyramidLevel]?: tf.Tensor4D } {
  axes(map, "featurePyramid(map)", "batch height width dim");
  const scaled: Record<PyramidLevel, () => tf.Tensor4D> = {
    x4: () => {
      const { first, norm, second } = upsamplingOf(params.quadruple, "x4", "quadruple");
      return upsample(second, gelu(layerNorm(upsample(first, map), norm.scale, norm.bias, epsilon), "erf"));
    },
    x2: () => upsample(upsamplingOf(params.double, "x2", "double"), map),
    x1: () => map,
    half: () => halve(map),
  };
  const levels = Object.entries(params.levels).map(([level, { projection, norm }]) => {
    const make = () => layerNorm(linear(scaled[level as PyramidLevel](), projection.kernel, projection.bias), norm.scale, norm.bias, epsilon);
    return [level, tf.tidy(make)];
  });
  return Object.fromEntries(levels) as { [Level in PyramidLevel]?: tf.Tensor4D };
}

function upsamplingOf<T>(weights: T | undefined, level: PyramidLevel, name: string): T {
  if (weights) return weights;
  throw new Error(`featurePyramid(params.${name}): expected weights for level "${level}", got none. Add them or leave the level out.`);
}

/**
 * A map of twice the sides: each cell becomes 2x2 cells, by a transposed convolution of size and stride 2.
 *
 * @param params `kernel [dim, 4 * out]`, `bias [4 * out]`: the four cells row by row
 * @param map [batch, height, width, dim]
 * @returns [batch, 2 * height, 2 * width, out]
 */
export function upsample({ kernel, bias }: LinearParams, map: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const { batch, height, width } = axes(map, "upsample(map)", "batch height width dim");
    const cells = linear(map, kernel, bias); // [batch, height, width, 4 * out]
    const out = cells.shape[3] / 4;
    const rows = tf.transpose(tf.reshape(cells, [batch * height, width, 2, 2 * out]), [0, 2, 1, 3]); // a cell's upper pair before its lower pair
    return tf.reshape(rows, [batch, 2 * height, 2 * width, out]);
  });
}

/** A map of half the sides, rounded up: the largest of each 2x2 cells; at an odd end, of those there are. */
function halve(map: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, dim] = map.shape;
    const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
    const even = tf.pad(map, [[0, 0], [0, 2 * rows - height], [0, 2 * columns - width], [0, 0]], -Infinity);
    const upper = tf.max(tf.reshape(even, [batch * rows, 2, 2 * columns * dim]), 1);
    return tf.reshape(tf.max(tf.reshape(upper, [batch * rows * columns, 2, dim]), 1), [batch, rows, columns, dim]);
  });
}
