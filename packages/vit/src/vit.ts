import { axes } from "@flexivit/axes";
import type { BackboneOptions, Features, Grid } from "@flexivit/features";
import { linear } from "@flexivit/ops";
import type { Remainder } from "@flexivit/patch-schemes";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { resizePositions } from "@flexivit/position-embedding";
import * as tf from "@tensorflow/tfjs-core";
import { block, norm } from "./block.ts";
import type { VitConfig } from "./config.ts";
import { checkVitParams } from "./check-params.ts";
import type { VitParams } from "./params.ts";
import { tiles } from "./tiles.ts";

export type VitOptions = BackboneOptions & {
  /** Pixels that the last whole patch leaves over: refused unless given, or cropped at the bottom and right. */
  remainder?: Remainder;
};

/**
 * A vision transformer at the patch scheme of this call: one set of weights for every patch size.
 *
 * images → tiles → tokens (the patch kernel resized to the scheme) + positions (the grid resampled to the tokens)
 * → blocks → last norm → pooled. Gradients pass through both resizes into the shared weights.
 *
 * @param params from {@link initVit} or a file
 * @param images [batch, height, width, channels] in [-1, 1]
 * @param options `scheme`; `remainder`; `blocks`: the blocks, by index ("0", "1", ...), whose outputs are wanted
 * @returns `tokens` [batch, patches, dim] after the last norm, `pooled` [batch, dim], `grid`; with pooling "tok" also
 *   `prefix` [batch, 1, dim] and `classToken` [batch, dim], which is the tensor of `pooled`; in `blocks` what was asked for
 * @throws when weights and config, or images and scheme, do not fit, or a block does not exist.
 * Source: arXiv 2212.08013 section 3; big_vision `models/proj/flexi/vit.py`.
 */
export function vit(params: VitParams, config: VitConfig, images: tf.Tensor4D, options: VitOptions): Features {
  axes(images, "vit(images)", "batch height width channels", { channels: config.channels });
  checkVitParams(params, config, "vit");
  const wanted = checkBlockNames(options.blocks ?? [], config.depth);
  return tf.tidy(() => {
    const { tokens, grid } = embed(params, config, images, options);
    const blocks: Record<string, tf.Tensor3D> = {};
    let x = withClassToken(params, tokens);
    for (const [index, blockParams] of params.blocks.entries()) {
      const before = x;
      x = block(blockParams, config, before);
      if (wanted.has(String(index))) blocks[index] = x;
      if (!wanted.has(String(index - 1))) before.dispose(); // else a deep model would hold every block's output at once
    }
    return featuresOf(config, norm(params.norm, config, x), grid, blocks);
  });
}

/**
 * The tokens that enter the first block, without class token: patches embedded by the resized kernel, plus their
 * resampled positions.
 *
 * @param images [batch, height, width, channels] in [-1, 1]
 * @returns `tokens` [batch, patches, dim] and the grid they came from
 * @throws when weights and config, or images and scheme, do not fit.
 */
export function embed(
  params: VitParams,
  config: VitConfig,
  images: tf.Tensor4D,
  { scheme, remainder = "error" }: Pick<VitOptions, "scheme" | "remainder">,
): { tokens: tf.Tensor3D; grid: Grid } {
  axes(images, "embed(images)", "batch height width channels", { channels: config.channels });
  checkVitParams(params, config, "embed");
  return tf.tidy(() => {
    const { tiles: pixels, grid } = tiles(images, scheme, remainder);
    const kernel = resizePatchKernel(params.patchEmbedding.kernel, scheme.patchSize, config.kernelResize);
    const flatKernel = tf.reshape(kernel, [pixels.shape[2], config.dim]) as tf.Tensor2D;
    const content = linear(pixels, flatKernel, params.patchEmbedding.bias);
    const positions = resizePositions((params.positions as { grid: tf.Tensor3D }).grid, grid, config.positionInterpolation); // [patches, dim]
    return { tokens: tf.add(content, positions), grid };
  });
}

function checkBlockNames(names: readonly string[], depth: number): ReadonlySet<string> {
  const known = Array.from({ length: depth }, (_, index) => String(index));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`vit(options.blocks): expected some of ${known.join(", ")}, got "${unknown}". Name blocks by their index, from 0.`);
  }
  return new Set(names);
}

function withClassToken({ classToken }: VitParams, tokens: tf.Tensor3D): tf.Tensor3D {
  if (!classToken) return tokens;
  const [batch, , dim] = tokens.shape;
  const repeated = tf.broadcastTo(tf.expandDims(classToken, 0), [batch, 1, dim]) as tf.Tensor3D;
  return tf.concat([repeated, tokens], 1);
}

function featuresOf(config: VitConfig, encoded: tf.Tensor3D, grid: Grid, blocks: Record<string, tf.Tensor3D>): Features {
  const [batch, length, dim] = encoded.shape;
  if (config.pooling === "gap") {
    return { tokens: encoded, grid, pooled: tf.mean(encoded, 1) as tf.Tensor2D, blocks };
  }
  const prefix = tf.slice(encoded, [0, 0, 0], [batch, 1, dim]);
  const tokens = tf.slice(encoded, [0, 1, 0], [batch, length - 1, dim]);
  const classToken = tf.reshape(prefix, [batch, dim]) as tf.Tensor2D;
  return { tokens, grid, prefix, classToken, pooled: classToken, blocks };
}
