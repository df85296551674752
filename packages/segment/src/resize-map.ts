import type { SizePx } from "@flexivit/features";
import { resizeAxes, resizeMatrix, type Interpolation } from "@flexivit/resample";
import type * as tf from "@tensorflow/tfjs-core";

const bilinear: Interpolation = { kernel: "bilinear", antialias: true, alignment: "half-pixel" };

/**
 * A map at another size: bilinear, half-pixel centres, with antialias where it shrinks.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, newHeight, newWidth, channels]
 */
export function resizeMap(x: tf.Tensor4D, [height, width]: SizePx): tf.Tensor4D {
  return resizeAxes(x, [
    { axis: 1, matrix: resizeMatrix(x.shape[1], height, bilinear) },
    { axis: 2, matrix: resizeMatrix(x.shape[2], width, bilinear) },
  ]);
}
