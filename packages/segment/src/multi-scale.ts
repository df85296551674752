import { axes } from "@flexivit/axes";
import type { SizePx } from "@flexivit/features";
import { resizeImages } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import type { PredictPixels } from "./sliding-window.ts";

export type MultiScaleOptions = {
  /** Factors on the sides of the images, such as 0.5, 0.75, 1, 1.25. */
  scales: readonly number[];
  /** Also the mirrored images; false unless given. */
  flip?: boolean;
  /** Scaled sides are rounded to multiples of this, such as the patch size; 1 unless given. */
  multipleOfPx?: SizePx;
};

/**
 * Class probabilities as the mean over several sizes of the images, and over their mirror images where `flip` is true.
 *
 * @param images [batch, height, width, channels]
 * @param predict logits of the images at each size
 * @returns [batch, height, width, classes]; each pixel sums to 1
 * @throws where there is no scale, one is not a finite number above 0, or the multiples are no whole numbers above 0.
 * Source: test-time augmentation of MMSegmentation, which also takes the mean of probabilities.
 */
export function multiScale(images: tf.Tensor4D, options: MultiScaleOptions, predict: PredictPixels): tf.Tensor4D {
  const { height, width } = axes(images, "multiScale(images)", "batch height width channels");
  const { scales, flip = false, multipleOfPx = [1, 1] } = options;
  checkScales(scales, multipleOfPx);
  const views = scales.flatMap((scale) => (flip ? [false, true] : [false]).map((mirrored) => ({ scale, mirrored })));
  return tf.tidy(() => {
    let total: tf.Tensor4D | undefined;
    for (const { scale, mirrored } of views) {
      const sum: tf.Tensor4D = tf.tidy(() => {
        const size = [height, width].map((side, axis) => Math.max(1, Math.round((side * scale) / multipleOfPx[axis])) * multipleOfPx[axis]);
        const seen = mirror(resizeImages(images, [size[0], size[1]]), mirrored);
        const probabilities = tf.softmax(mirror(resizeImages(predict(seen), [height, width]), mirrored));
        return total ? tf.add(total, probabilities) : probabilities;
      });
      total?.dispose();
      total = sum;
    }
    return tf.div<tf.Tensor4D>(total!, views.length);
  });
}

function mirror(x: tf.Tensor4D, mirrored: boolean): tf.Tensor4D {
  return mirrored ? tf.reverse(x, 2) : x;
}

function checkScales(scales: readonly number[], multipleOfPx: SizePx): void {
  if (scales.length === 0 || !scales.every((scale) => scale > 0 && scale < Infinity)) {
    throw new Error(`multiScale(scales): expected finite numbers above 0, got ${scales.join(", ") || "none"}. Use [1] for the images as they are.`);
  }
  if (!multipleOfPx.every((side) => Number.isInteger(side) && side >= 1)) {
    throw new Error(`multiScale(multipleOfPx): expected whole pixels from 1 on, got ${multipleOfPx.join("x")}. Use the patch size.`);
  }
}
