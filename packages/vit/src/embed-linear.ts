import type { Grid } from "@flexivit/features";
import { linear } from "@flexivit/ops";
import type { Size } from "@flexivit/patch-schemes";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { resizeAxes, resizeMatrix } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";
import type { PatchEmbeddingParams } from "./params.ts";

/** Tiles of equal size, row by row of their grid: `tiles` [batch, patches, patchHeight * patchWidth * channels]. */
export type Tiles = { tiles: tf.Tensor3D; grid: Grid; patchSize: Size };

/**
 * Tiles times the one patch kernel, resized to their size, plus the bias.
 *
 * @returns [batch, patches, dim of the kernel]
 */
export function projectTiles({ kernel, bias }: PatchEmbeddingParams, config: VitConfig, { tiles, patchSize }: Tiles): tf.Tensor3D {
  return linear(tiles, flatKernel(kernel, config, patchSize), bias);
}

/**
 * [patchHeight * patchWidth * channels, dim of the kernel]: the kernel at a patch size, pixel by pixel as tiles are.
 */
export function flatKernel(kernel: tf.Tensor4D, { kernelResize }: VitConfig, patchSize: Size): tf.Tensor2D {
  const resized = resizePatchKernel(kernel, patchSize, kernelResize);
  const [patchHeight, patchWidth, channels, dim] = resized.shape;
  return tf.reshape(resized, [patchHeight * patchWidth * channels, dim]);
}

/**
 * Tiles times a kernel per position, plus the bias: the stored grid of kernels is resized to the patch size, and over its
 * cells to the token grid as positions are.
 *
 * @returns [batch, patches, dim]
 */
export function embedPerPosition({ kernel, bias }: PatchEmbeddingParams, config: VitConfig, { tiles, grid, patchSize }: Tiles): tf.Tensor3D {
  const [batch, patches, pixels] = tiles.shape;
  const { dim, positionInterpolation } = config;
  const [storedHeight, storedWidth] = config.positionGrid;
  const stored = tf.reshape(flatKernel(kernel, config, patchSize), [pixels, storedHeight, storedWidth, dim]);
  const kernels = resizeAxes(stored, [
    { axis: 1, matrix: resizeMatrix(storedHeight, grid.gridHeight, positionInterpolation) },
    { axis: 2, matrix: resizeMatrix(storedWidth, grid.gridWidth, positionInterpolation) },
  ]);
  const byPatch = tf.transpose(tf.reshape(kernels, [pixels, patches, dim]), [1, 0, 2]); // a matrix per patch
  const tokens = tf.matMul(tf.transpose(tiles, [1, 0, 2]), byPatch); // [patches, batch, dim]
  return tf.add(tf.reshape(tf.transpose(tokens, [1, 0, 2]), [batch, patches, dim]), bias);
}
