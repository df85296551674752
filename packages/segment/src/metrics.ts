import type { ConfusionMatrix } from "./confusion.ts";

/** Figures of a segmentation, all from 0 to 1. */
export type SegmentationMetrics = {
  /** [classes]: intersection over union; NaN for a class that is in neither truth nor prediction. */
  iou: number[];
  /** Mean IoU of the classes that are in truth or prediction. */
  meanIou: number;
  /** Mean IoU of the classes that are in the truth: a class that is only predicted does not count as 0. */
  meanIouOfTruth: number;
  /** Share of the pixels that are right. */
  pixelAccuracy: number;
  /** Mean over the classes of the truth of the share of their pixels that are right. */
  meanAccuracy: number;
  /** IoU weighted by the share of the truth that each class has. */
  frequencyWeightedIou: number;
  /** [classes]: Dice coefficient, 2 IoU / (1 + IoU); NaN as for `iou`. */
  dice: number[];
  /** Mean Dice coefficient of the classes that are in truth or prediction. */
  meanDice: number;
};

/**
 * The figures of a confusion matrix. With tp on the diagonal: `iou = tp / (row + column - tp)`, `dice = 2 tp / (row + column)`.
 *
 * A mean over no classes is NaN.
 *
 * Source: scikit-learn's `jaccard_score`, torchmetrics' `MulticlassJaccardIndex`; the two means differ in practice, so both are here.
 */
export function segmentationMetrics({ classes, counts }: ConfusionMatrix): SegmentationMetrics {
  const every = Array.from({ length: classes }, (_, i) => i);
  const right = every.map((i) => counts[i * classes + i]);
  const truth = every.map((i) => sum(every.map((j) => counts[i * classes + j])));
  const predicted = every.map((j) => sum(every.map((i) => counts[i * classes + j])));
  const iou = every.map((i) => right[i] / (truth[i] + predicted[i] - right[i]));
  const dice = every.map((i) => (2 * right[i]) / (truth[i] + predicted[i]));
  const seen = every.filter((i) => truth[i] + predicted[i] > 0);
  const inTruth = every.filter((i) => truth[i] > 0);
  const pixels = sum(truth);
  return {
    iou,
    meanIou: mean(seen.map((i) => iou[i])),
    meanIouOfTruth: mean(inTruth.map((i) => iou[i])),
    pixelAccuracy: sum(right) / pixels,
    meanAccuracy: mean(inTruth.map((i) => right[i] / truth[i])),
    frequencyWeightedIou: sum(inTruth.map((i) => truth[i] * iou[i])) / pixels,
    dice,
    meanDice: mean(seen.map((i) => dice[i])),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
