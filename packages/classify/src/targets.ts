import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";
import { checkLabels } from "./labels.ts";

/** How label smoothing spreads a share of every target. */
export type Smoothing = {
  /** Share that a target gives away, 0 to below 1. */
  share: number;
  /**
   * Who gets it: "all" classes alike, the label's own included (PyTorch, optax), unless given; or only the "others"
   * (big_vision), so that the label keeps exactly `1 - share`.
   */
  among?: "all" | "others";
};

/**
 * Target probabilities of single-label pictures: one on the label, zero elsewhere; smoothed where `smoothing` is given.
 *
 * @param labels class of each picture, 0 to classes - 1
 * @returns [batch, classes]
 * @throws when a label is not a class.
 */
export function labelTargets(labels: ArrayLike<number>, classes: number, smoothing: Smoothing = { share: 0 }): tf.Tensor2D {
  checkLabels(labels, classes, "labelTargets(labels)");
  // Not tf.oneHot: on WebAssembly its float32 ones have the bits of integers, and one class is refused.
  const values = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) values[row * classes + labels[row]] = 1;
  return tf.tidy(() => smoothTargets(tf.tensor2d(values, [labels.length, classes]), smoothing));
}

/**
 * Target probabilities of pictures with any number of labels: one on each label, zero elsewhere.
 *
 * @param labels classes of each picture, 0 to classes - 1; none for a picture without any
 * @returns [batch, classes]
 * @throws when a label is not a class.
 */
export function multiLabelTargets(labels: readonly ArrayLike<number>[], classes: number): tf.Tensor2D {
  const values = new Float32Array(labels.length * classes);
  for (const [row, ofPicture] of labels.entries()) {
    checkLabels(ofPicture, classes, `multiLabelTargets(labels[${row}])`);
    for (const label of Array.from(ofPicture)) values[row * classes + label] = 1;
  }
  return tf.tensor2d(values, [labels.length, classes]);
}

/**
 * Targets with a share s of each spread over the K classes. Rows still sum to 1, those of mixed pictures too.
 *
 * "all": `(1 - s) target + s / K`. "others": `(1 - s) target + s / (K - 1) (1 - target)`.
 *
 * @param targets [batch, classes], rows that sum to 1
 * @returns [batch, classes]
 * @throws when the share is not in 0 to below 1, or there are no others.
 * Source: arXiv 1512.00567 section 7; the two conventions are those of the projects named at {@link Smoothing}.
 */
export function smoothTargets(targets: tf.Tensor2D, { share, among = "all" }: Smoothing): tf.Tensor2D {
  const { classes } = axes(targets, "smoothTargets(targets)", "batch classes");
  if (!(share >= 0 && share < 1)) {
    throw new Error(`smoothTargets(share): expected a number from 0 to below 1, got ${share}. Use 0 for no smoothing, or about 0.1.`);
  }
  if (among !== "all" && among !== "others") {
    throw new Error(`smoothTargets(among): expected one of all, others, got "${String(among)}". Use all for PyTorch's convention, others for big_vision's.`);
  }
  if (share === 0) return tf.clone(targets);
  if (among === "others" && classes < 2) {
    throw new Error(`smoothTargets(among): expected at least 2 classes for "others", got ${classes}. Smooth among "all".`);
  }
  const off = share / (among === "all" ? classes : classes - 1);
  const kept = among === "all" ? 1 - share : 1 - share - off;
  return tf.tidy(() => tf.add(tf.mul(targets, kept), off));
}
