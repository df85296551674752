import { axes } from "@flexivit/axes";
import { resizeAxes, resizeMatrix, type Interpolation } from "@flexivit/resample";
import type * as tf from "@tensorflow/tfjs-core";

const bilinearAntialias: Interpolation = { kernel: "bilinear", antialias: true, alignment: "half-pixel" };

/**
 * The same images at another size: what a teacher sees at its own resolution, a student sees at its own, with the very
 * same crop and mixing.
 *
 * @param images [batch, height, width, channels]; load them at the larger of the two sizes
 * @param imageSizePx [height, width]
 * @param interpolation bilinear with antialias unless given
 * @returns [batch, newHeight, newWidth, channels]
 * @throws where the images have another rank, or the size or interpolation is impossible.
 */
export function resizeImages(
  images: tf.Tensor4D,
  imageSizePx: readonly [height: number, width: number],
  interpolation: Interpolation = bilinearAntialias,
): tf.Tensor4D {
  const { height, width } = axes(images, "resizeImages(images)", "batch height width channels");
  return resizeAxes(images, [
    { axis: 1, matrix: resizeMatrix(height, imageSizePx[0], interpolation) },
    { axis: 2, matrix: resizeMatrix(width, imageSizePx[1], interpolation) },
  ]);
}
