import { axes } from "@flexivit/axes";
import type * as tf from "@tensorflow/tfjs-core";
import type { Interpolation } from "./interpolation.ts";
import { resizeAxes } from "./resize-axes.ts";
import { resizeMatrix } from "./resize-matrix.ts";

const bilinearAntialias: Interpolation = { kernel: "bilinear", antialias: true, alignment: "half-pixel" };

/**
 * The same images, or maps, at another size.
 *
 * @param images [batch, height, width, channels]
 * @param sizePx [height, width]
 * @param interpolation bilinear with antialias unless given
 * @returns [batch, newHeight, newWidth, channels]
 * @throws where the images have another rank, or the size or interpolation is impossible.
 */
export function resizeImages(
  images: tf.Tensor4D,
  sizePx: readonly [height: number, width: number],
  interpolation: Interpolation = bilinearAntialias,
): tf.Tensor4D {
  const { height, width } = axes(images, "resizeImages(images)", "batch height width channels");
  return resizeAxes(images, [
    { axis: 1, matrix: resizeMatrix(height, sizePx[0], interpolation) },
    { axis: 2, matrix: resizeMatrix(width, sizePx[1], interpolation) },
  ]);
}
