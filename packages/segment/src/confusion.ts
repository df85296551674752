import { ignoredLabel } from "./ignored-label.ts";

/** How often each class was taken for each: plain data that adds up over a data set. */
export type ConfusionMatrix = {
  readonly classes: number;
  /** [classes, classes], row by row: rows are the truth, columns the prediction. */
  readonly counts: Float64Array;
};

export type ConfusionOptions = {
  classes: number;
  /** Pixels with this label in the truth do not count; 255 unless given; to be given for more than 255 classes. */
  ignoreLabel?: number;
};

/**
 * The confusion matrix of some pixels, added to the matrix of those before where that is given.
 *
 * @param truth [pixels], 0 to classes - 1 or `ignoreLabel`
 * @param predictions [pixels], 0 to classes - 1
 * @throws where the lengths differ, a label is no class, or 255 is one and no other label to ignore is given.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predictions: ArrayLike<number>,
  { classes, ignoreLabel: given }: ConfusionOptions,
  before?: ConfusionMatrix,
): ConfusionMatrix {
  if (truth.length !== predictions.length) {
    throw new Error(`confusionMatrix(predictions): expected ${truth.length} labels, one per pixel of the truth, got ${predictions.length}. Resize the logits to the labels first.`);
  }
  if (before && before.classes !== classes) {
    throw new Error(`confusionMatrix(before): expected a matrix of ${classes} classes, got ${before.classes}. Add matrices of the same classes.`);
  }
  const ignoreLabel = ignoredLabel(given, classes, "confusionMatrix");
  const counts = before ? Float64Array.from(before.counts) : new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === ignoreLabel) continue;
    if (!isClass(truth[i], classes)) throw notAClass("truth", truth[i], i, classes, ` or ${ignoreLabel}`);
    if (!isClass(predictions[i], classes)) throw notAClass("predictions", predictions[i], i, classes, "");
    counts[truth[i] * classes + predictions[i]]++;
  }
  return { classes, counts };
}

const isClass = (label: number, classes: number): boolean => Number.isInteger(label) && label >= 0 && label < classes;

function notAClass(argument: string, label: number, at: number, classes: number, or: string): Error {
  return new Error(`confusionMatrix(${argument}): expected labels from 0 to ${classes - 1}${or}, got ${label} at ${at}. Check the offset of the labels.`);
}
