import { axes } from "@flexivit/axes";
import type { BackboneOptions, Features, Grid } from "@flexivit/features";
import { linear } from "@flexivit/ops";
import type { Remainder } from "@flexivit/patch-schemes";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { resizePositions } from "@flexivit/position-embedding";
import * as tf from "@tensorflow/tfjs-core";
import { block, norm } from "./block.ts";
import type { VitConfig } from "./config.ts";
import type { VitParams } from "./params.ts";
import { tiles } from "./tiles.ts";

export type VitOptions = BackboneOptions & {
  /** Pixels that the last whole patch leaves over: refused by default, or cropped. */
  remainder?: Remainder;
};

/**
 * A vision transformer at the patch scheme of this call: one set of weights for every patch size.
 *
 * images → tiles → tokens (the patch kernel resized to the scheme) + positions (the grid resampled to the tokens)
 * → blocks → last norm → pooled. Gradients pass through both resizes into the shared weights.
 *
 * @param params from {@link initVit} or a file
 * @param images [batch, height, width, channels], usually in [-1, 1]
 * @returns `tokens` [batch, patches, dim] after the last norm, `pooled` [batch, dim], `grid`, with pooling "tok" also `classToken`
 *   [batch, dim] and `prefix` [batch, 1, dim], and in `blocks` the outputs of the blocks that `options.blocks` names.
 * @throws when the images do not fit the scheme or the config.
 * Source: arXiv 2212.08013 section 3; big_vision `models/proj/flexi/vit.py`.
 */
export function vit(params: VitParams, config: VitConfig, images: tf.Tensor4D, options: VitOptions): Features {
  axes(images, "vit(images)", "batch height width channels", { channels: config.channels });
  return tf.tidy(() => {
    const { tokens, grid } = embed(params, config, images, options);
    const asked: Record<string, tf.Tensor3D> = {};
    let x = withClassToken(params, tokens);
    for (const [index, blockParams] of params.blocks.entries()) {
      x = block(blockParams, config, x);
      if (options.blocks?.includes(String(index))) asked[index] = x;
    }
    return featuresOf(config, norm(params.norm, config, x), grid, asked);
  });
}

/**
 * The tokens that enter the first block: patches embedded by the resized kernel, with their resampled positions.
 *
 * @returns `tokens` [batch, patches, dim] and the token grid.
 */
export function embed(
  params: VitParams,
  config: VitConfig,
  images: tf.Tensor4D,
  { scheme, remainder = "error" }: VitOptions,
): { tokens: tf.Tensor3D; grid: Grid } {
  return tf.tidy(() => {
    const { tiles: pixels, grid } = tiles(images, scheme, remainder);
    const kernel = resizePatchKernel(params.patchEmbedding.kernel, scheme.patchSize, config.kernelResize);
    const flatKernel = tf.reshape(kernel, [pixels.shape[2], config.dim]) as tf.Tensor2D;
    const content = linear(pixels, flatKernel, params.patchEmbedding.bias);
    const positions = resizePositions(params.positions, grid, config.positionInterpolation); // [patches, dim]
    return { tokens: tf.add(content, positions), grid };
  });
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
