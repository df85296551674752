import { axes } from "@flexivit/axes";
import type { Features, SizePx } from "@flexivit/features";
import { convolve, gelu, layerNorm, linear, residual } from "@flexivit/ops";
import { resizeImages } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import type { DenseConfig, DepthRange } from "./dense-config.ts";
import type { DenseParams, LevelParams, MapHeadParams, ResidualUnitParams } from "./dense-params.ts";

/** What a decoder estimates, as its config asks. */
export type DenseMaps = {
  /** [batch, height, width], in the unit of the range. */
  depth?: tf.Tensor3D;
  /** [batch, height, width, 3], unit vectors. */
  normals?: tf.Tensor4D;
};

/** What is used of a backbone's features: the levels are asked for with `options.blocks`. */
export type DenseFeatures = Pick<Features, "tokens" | "grid" | "blocks">;

/**
 * Depth and surface normals of every pixel, from several blocks of a backbone.
 *
 * Each block's patch tokens are normalised, projected and resampled to a level of ceil(image / stride) cells, whatever the
 * patch size, so the convolutions see structures of one size in pixels at every patch size. From the coarsest level to the
 * finest: `x = fusion(lateral(level) + resize(x))`. Heads run on the finest level; their maps are resampled to the pixels.
 *
 * @param features of any backbone; `blocks` [batch, prefix + patches, dim]
 * @param imageSizePx [height, width] of the images
 * @throws where a block is missing, or features, grid and weights do not fit together.
 * Source: reassembling and fusing after R. Ranftl et al., "Vision transformers for dense prediction", arXiv 2103.13413,
 * section 3, with layer norm on the tokens, GELU for ReLU, and levels bound to the image in place of the patches.
 */
export function dense(params: DenseParams, config: DenseConfig, features: DenseFeatures, imageSizePx: SizePx): DenseMaps {
  return tf.tidy(() => {
    const fused = decode(params, config, features, imageSizePx);
    const maps: DenseMaps = {};
    if (config.depth) maps.depth = tf.squeeze(resizeImages(depthOf(mapHead(required(params, "depth"), fused), config.depth), imageSizePx), [3]);
    if (config.normals) maps.normals = unit(resizeImages(mapHead(required(params, "normals"), fused), imageSizePx));
    return maps;
  });
}

function decode(params: DenseParams, config: DenseConfig, features: DenseFeatures, imageSizePx: SizePx): tf.Tensor4D {
  if (params.levels.length !== config.blocks.length) {
    throw new Error(`dense(params): expected weights of ${config.blocks.length} levels, one per block, got ${params.levels.length}. Make them with initDense and this config.`);
  }
  const coarsestFirst = config.blocks.map((_, level) => level).reverse();
  const fused = coarsestFirst.reduce<tf.Tensor4D | undefined>((coarser, level) => {
    const size = imageSizePx.map((side) => Math.ceil(side / config.stridesPx[level]));
    const { lateral, fusion, ...entry } = params.levels[level];
    const own = residualUnit(lateral, resizeImages(levelOf(entry, config, features, config.blocks[level]), [size[0], size[1]]));
    return residualUnit(fusion, coarser ? residual(own, resizeImages(coarser, [size[0], size[1]])) : own);
  }, undefined);
  return fused!;
}

/** [batch, gridHeight, gridWidth, width]: the patch tokens of a block, normalised and projected. */
function levelOf(params: Pick<LevelParams, "norm" | "projection">, config: DenseConfig, features: DenseFeatures, block: string): tf.Tensor4D {
  const { gridHeight, gridWidth } = features.grid;
  const tokens = patchTokens(config, features, block);
  const normed = layerNorm(tokens, params.norm.scale, params.norm.bias, 1e-6);
  return tf.reshape(linear(normed, params.projection.kernel, params.projection.bias), [tokens.shape[0], gridHeight, gridWidth, config.width]);
}

function patchTokens({ dim, blocks: wanted, classTokenLast = false }: DenseConfig, { tokens, grid, blocks }: DenseFeatures, block: string): tf.Tensor3D {
  const all = block === "tokens" ? tokens : blocks[block];
  if (all === undefined) {
    const got = Object.keys(blocks).join(", ") || "none";
    throw new Error(`dense(features.blocks): expected ${wanted.join(", ")}, got ${got}. Ask the backbone for them with options.blocks.`);
  }
  const patches = grid.gridHeight * grid.gridWidth;
  const { batch, tokens: count } = axes(all, `dense(features.blocks["${block}"])`, "batch tokens dim", { dim });
  if (count < patches) {
    throw new Error(`dense(features.grid): expected a grid of at most ${count} patches, got ${grid.gridHeight} x ${grid.gridWidth}. Pass blocks and grid as the backbone gives them.`);
  }
  return count === patches ? all : tf.slice(all, [0, classTokenLast ? 0 : count - patches, 0], [batch, patches, dim]);
}

function residualUnit({ first, second }: ResidualUnitParams, x: tf.Tensor4D): tf.Tensor4D {
  return residual(x, convolve(second, gelu(convolve(first, gelu(x, "erf"), 1), "erf"), 1));
}

function mapHead({ convolution, output }: MapHeadParams, x: tf.Tensor4D): tf.Tensor4D {
  return linear(gelu(convolve(convolution, x, 1), "erf"), output.kernel, output.bias);
}

/** [batch, height, width, 1] of what the head gives, [batch, height, width, 1 or bins]. */
function depthOf(x: tf.Tensor4D, range: DepthRange): tf.Tensor4D {
  const { nearest, farthest } = range;
  const octaves = Math.log(farthest / nearest);
  if (range.kind === "log") return tf.mul(tf.exp(tf.mul(tf.sigmoid(x), octaves)), nearest);
  const centres = Float32Array.from({ length: range.bins }, (_, k) => nearest * Math.exp((octaves * (k + 0.5)) / range.bins));
  return linear(tf.softmax(x), tf.tensor2d(centres, [range.bins, 1]));
}

function unit(x: tf.Tensor4D): tf.Tensor4D {
  const tiny = 1e-12; // keeps value and gradient finite for a vector of zeros
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), tiny)));
}

function required(params: DenseParams, name: "depth" | "normals"): MapHeadParams {
  const found = params[name];
  if (!found) throw new Error(`dense(params): expected weights of "${name}", got none. Make them with initDense and this config.`);
  return found;
}
