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
function repeatOverlaps(images: tf.Tensor4D, scheme: PatchScheme, { gridHeight, gridWidth }: Grid): tf.Tensor4D {
  const rows = tf.gather(images, pixelsOf(gridHeight, scheme.stride[0], scheme.patchSize[0]), 1);
  return tf.gather(rows, pixelsOf(gridWidth, scheme.stride[1], scheme.patchSize[1]), 2);
}

/** Rows (or columns) of the image in the order of `count` tiles of `size`, one every `stride`. */
function pixelsOf(count: number, stride: number, size: number): tf.Tensor1D {
  const indices = Int32Array.from({ length: count * size }, (_, i) => Math.floor(i / size) * stride + (i % size));
  return tf.tensor1d(indices, "int32");
}
