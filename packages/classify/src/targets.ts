import * as tf from "@tensorflow/tfjs-core";

/**
 * Target probabilities of single-label pictures: one on the label, zero elsewhere, then smoothed.
 *
 * With `smoothing` s over K classes the label gets `1 - s + s / K` and every other class `s / K`
 * (PyTorch's and optax's convention).
 *
 * @param labels class of each picture, 0 to classes - 1
 * @returns [batch, classes]
 * @throws when a label is not a class.
 */
export function labelTargets(labels: ArrayLike<number>, classes: number, smoothing = 0): tf.Tensor2D {
  const off = smoothing / classes;
  const data = new Float32Array(labels.length * classes).fill(off);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new Error(`labelTargets(labels): expected classes from 0 to ${classes - 1}, got ${label} at position ${row}. Check the labels or raise classes.`);
    }
    data[row * classes + label] = 1 - smoothing + off;
  }
  return tf.tensor2d(data, [labels.length, classes]);
}
