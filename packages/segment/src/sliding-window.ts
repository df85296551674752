import { axes } from "@flexivit/axes";
import type { SizePx } from "@flexivit/features";
import * as tf from "@tensorflow/tfjs-core";

/** Scores of every pixel: images [batch, height, width, channels] to [batch, height, width, classes]. */
export type PredictPixels = (images: tf.Tensor4D) => tf.Tensor4D;

export type WindowOptions = {
  /** [height, width] of the part that is seen at once; an image that is smaller is seen whole. */
  windowPx: SizePx;
  /** [height, width] from one window to the next, at most the window. */
  stridePx: SizePx;
};

/**
 * Scores of large images from windows of one size: the mean of the windows that cover a pixel.
 *
 * Windows start at 0, one stride, two strides, ..; the last one ends with the image.
 *
 * @param images [batch, height, width, channels]
 * @param predict its logits are added; it may make tensors freely, what it leaves is freed
 * @returns [batch, height, width, classes]
 * @throws where a window or stride is no whole number above 0, or the stride would leave pixels out.
 * Source: the "slide" mode of MMSegmentation.
 */
export function slidingWindow(images: tf.Tensor4D, { windowPx, stridePx }: WindowOptions, predict: PredictPixels): tf.Tensor4D {
  const { batch, height, width, channels } = axes(images, "slidingWindow(images)", "batch height width channels");
  checkWindow(windowPx, stridePx);
  const rows = windowsAlong(height, windowPx[0], stridePx[0]);
  const columns = windowsAlong(width, windowPx[1], stridePx[1]);
  return tf.tidy(() => {
    let total: tf.Tensor4D | undefined;
    for (const [top, left] of rows.starts.flatMap((top) => columns.starts.map((left) => [top, left]))) {
      const sum: tf.Tensor4D = tf.tidy(() => {
        const part = predict(tf.slice(images, [0, top, left, 0], [batch, rows.length, columns.length, channels]));
        axes(part, "slidingWindow(predict)", "batch height width classes", { batch, height: rows.length, width: columns.length });
        const placed = tf.pad(part, [[0, 0], [top, height - top - rows.length], [left, width - left - columns.length], [0, 0]]);
        return total ? tf.add(total, placed) : placed;
      });
      total?.dispose();
      total = sum;
    }
    return tf.mul<tf.Tensor4D>(total!, shares(rows.covered, columns.covered));
  });
}

type Windows = { length: number; starts: number[]; /** How many windows cover each place. */ covered: number[] };

function windowsAlong(side: number, window: number, stride: number): Windows {
  const length = Math.min(window, side);
  const count = Math.ceil((side - length) / stride) + 1;
  const starts = Array.from({ length: count }, (_, i) => Math.min(i * stride, side - length));
  const covered = Array.from({ length: side }, (_, place) => starts.filter((start) => place >= start && place < start + length).length);
  return { length, starts, covered };
}

/** [1, height, width, 1]: one over the number of windows that cover a pixel. */
function shares(rows: number[], columns: number[]): tf.Tensor4D {
  const values = Float32Array.from(rows.flatMap((row) => columns.map((column) => 1 / (row * column))));
  return tf.tensor4d(values, [1, rows.length, columns.length, 1]);
}

function checkWindow(windowPx: SizePx, stridePx: SizePx): void {
  for (const axis of [0, 1]) {
    const [window, stride] = [windowPx[axis], stridePx[axis]];
    if (Number.isInteger(window) && Number.isInteger(stride) && stride >= 1 && stride <= window) continue;
    const got = `${windowPx.join("x")} and ${stridePx.join("x")}`;
    throw new Error(`slidingWindow(stridePx): expected whole pixels, 1 <= stride <= window, got a window of ${got}. Two thirds of the window is a common stride.`);
  }
}
