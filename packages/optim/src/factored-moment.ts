import * as tf from "@tensorflow/tfjs-core";
import type { Slots, SlotShapes } from "./slots.ts";

/** The two axes that a second moment is factored over. */
type FactoredAxes = { longest: number; second: number };

/**
 * The two longest axes of a shape, where the shorter of them has at least `minLength`; undefined where the second
 * moment is kept whole. Of equally long axes the later ones count as longer.
 *
 * A matrix [3, 5] is factored over both axes. A patch kernel [32, 32, 3, 768] is factored over its last axis and its
 * patchWidth; patchHeight and channels stay apart, so it keeps [32, 32, 3] and [32, 3, 768].
 *
 * Source: optax `scale_by_factored_rms`, whose order of equally long axes is that of numpy's unstable sort.
 */
export function factoredAxes(shape: readonly number[], minLength: number): FactoredAxes | undefined {
  const order = shape.map((_, axis) => axis).toSorted((a, b) => shape[a] - shape[b]);
  const [second, longest] = order.slice(-2);
  return order.length >= 2 && shape[second] >= minLength ? { longest, second } : undefined;
}

/** The slots of a second moment: `nuRow` and `nuColumn` (the leaf's shape without one of its axes), or a whole `nu`. */
export function secondMomentShapes(shape: readonly number[], minLength: number): SlotShapes {
  const factored = factoredAxes(shape, minLength);
  return factored ? { nuRow: shape.toSpliced(factored.longest, 1), nuColumn: shape.toSpliced(factored.second, 1) } : { nu: shape };
}

/**
 * The next second moment, and the gradient divided by its root:
 *
 *     nuRow    = decay nuRow    + (1 - decay) mean over the longest axis of (gradient^2 + epsilon)
 *     nuColumn = decay nuColumn + (1 - decay) mean over the second axis of the same
 *     nu       = nuRow nuColumn / mean over the second axis of nuRow
 *
 * Source: Shazeer & Stern, "Adafactor" (arXiv 1804.04235), algorithm 4, with means in place of sums; optax
 * `scale_by_factored_rms`.
 */
export function divideByRoot(
  gradient: tf.Tensor,
  old: Slots,
  { decay, epsilon, minLength }: { decay: number; epsilon: number; minLength: number },
): { direction: tf.Tensor; slots: Slots } {
  const follow = (before: tf.Tensor, fresh: tf.Tensor) => tf.add(tf.mul(before, decay), tf.mul(fresh, 1 - decay));
  const squares = () => tf.add(tf.square(gradient), epsilon);
  const axes = factoredAxes(gradient.shape, minLength);
  if (!axes) {
    const nu = tf.tidy(() => follow(old.nu, squares()));
    return { direction: tf.tidy(() => tf.mul(gradient, tf.rsqrt(nu))), slots: { nu } };
  }
  const { longest, second } = axes;
  const [nuRow, nuColumn] = tf.tidy(() => {
    const squared = squares();
    return [follow(old.nuRow, tf.mean(squared, longest)), follow(old.nuColumn, tf.mean(squared, second))];
  });
  const direction = tf.tidy(() => {
    const row = tf.expandDims(nuRow, longest);
    const byRow = tf.mul(gradient, tf.rsqrt(tf.div(row, tf.mean(row, second, true))));
    return tf.mul(byRow, tf.expandDims(tf.rsqrt(nuColumn), second));
  });
  return { direction, slots: { nuRow, nuColumn } };
}
