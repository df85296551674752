import { axes } from "@flexivit/axes";
import type { Grid } from "@flexivit/features";
import { gridOf, type PatchScheme, type Remainder } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The pixels of every tile that a patch scheme cuts out of the images, row by row: a convolution without padding is
 * these times its kernel.
 *
 * @param images [batch, height, width, channels]
 * @param remainder pixels that the last whole tile leaves over: "error" refuses them, "crop" leaves them out at the
 *   bottom and right
 * @returns `tiles` [batch, patches, patchHeight * patchWidth * channels] and the grid they came from
 * @throws when the scheme does not fit the images.
 */
export function tiles(images: tf.Tensor4D, scheme: PatchScheme, remainder: Remainder): { tiles: tf.Tensor3D; grid: Grid } {
  const { height, width } = axes(images, "tiles(images)", "batch height width channels");
  const grid = gridOf(scheme, [height, width], remainder);
  const [patchHeight, patchWidth] = scheme.patchSize;
  const overlapping = scheme.stride[0] !== patchHeight || scheme.stride[1] !== patchWidth;
  const cut = tf.tidy(() => sideBySide(overlapping ? repeatOverlaps(images, scheme, grid) : images, scheme, grid));
  return { tiles: cut, grid };
}

/** Cuts images whose tiles lie side by side, from the top left on. */
function sideBySide(images: tf.Tensor4D, scheme: PatchScheme, { gridHeight, gridWidth }: Grid): tf.Tensor3D {
  const [batch, height, width, channels] = images.shape;
  const [patchHeight, patchWidth] = scheme.patchSize;
  const whole =
    height === gridHeight * patchHeight && width === gridWidth * patchWidth
      ? images
      : tf.slice(images, [0, 0, 0, 0], [batch, gridHeight * patchHeight, gridWidth * patchWidth, channels]);
  const split = tf.reshape(whole, [batch * gridHeight, patchHeight, gridWidth, patchWidth * channels]);
  const rows = tf.transpose(split, [0, 2, 1, 3]); // tile rows side by side -> tiles one after the other
  return tf.reshape(rows, [batch, gridHeight * gridWidth, patchHeight * patchWidth * channels]);
}

/** Writes shared rows and columns once per tile, so that overlapping tiles lie side by side. */
function repeatOverlaps(images: tf.Tensor4D, { patchSize, stride }: PatchScheme, { gridHeight, gridWidth }: Grid): tf.Tensor4D {
  const rows = stretches(images, 1, gridHeight, stride[0], patchSize[0]);
  return stretches(rows, 2, gridWidth, stride[1], patchSize[1]);
}

/** `count` stretches of `size` along an axis, one every `stride`, joined. Not a gather: its gradient is missing on WebAssembly. */
function stretches(x: tf.Tensor4D, axis: number, count: number, stride: number, size: number): tf.Tensor4D {
  const length = x.shape.with(axis, size);
  const parts = Array.from({ length: count }, (_, index) => tf.slice(x, [0, 0, 0, 0].with(axis, index * stride), length));
  return tf.concat(parts, axis);
}
