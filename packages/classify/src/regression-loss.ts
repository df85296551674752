import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

/** `l2`: the square of an error. `l1`: its size. `huber`: half its square up to `delta`, then a straight line. */
export type RegressionObjective = "l2" | "l1" | "huber";

const objectives: readonly RegressionObjective[] = ["l2", "l1", "huber"];

/**
 * Mean loss of predicted numbers, over the batch and all values.
 *
 * With `e = predictions - targets`: `l2` is the mean of `e^2`, `l1` of `|e|`, `huber` of `e^2 / 2` where `|e| <= delta`
 * and of `delta (|e| - delta / 2)` elsewhere.
 *
 * @param predictions [batch, values], as `classify` gives them with `classes: values`
 * @param targets [batch, values]; constants: bring values of other magnitudes to about one first, or the largest rules
 * @param options `objective`, `l2` unless given; `delta` of `huber`, in the unit of the targets, 1 unless given
 * @returns a scalar
 * @throws when the shapes differ, the objective does not exist or `delta` is not above 0
 * Source: of `huber`, P. J. Huber, "Robust estimation of a location parameter", 1964; as SciPy's `huber`.
 */
export function regressionLoss(
  predictions: tf.Tensor2D,
  targets: tf.Tensor2D,
  { objective = "l2", delta = 1 }: { objective?: RegressionObjective; delta?: number } = {},
): tf.Scalar {
  const { batch, values } = axes(predictions, "regressionLoss(predictions)", "batch values");
  axes(targets, "regressionLoss(targets)", "batch values", { batch, values });
  if (!objectives.includes(objective)) {
    throw new Error(
      `regressionLoss(objective): expected one of ${objectives.join(", ")}, got "${String(objective)}". Use l2 unless outliers should weigh less.`,
    );
  }
  if (!(delta > 0 && delta < Infinity)) {
    throw new Error(`regressionLoss(delta): expected a finite number above 0, got ${delta}. Take the size from which an error is an outlier.`);
  }
  return tf.tidy(() => tf.mean<tf.Scalar>(perValue(tf.sub(predictions, targets), objective, delta)));
}

function perValue(errors: tf.Tensor, objective: RegressionObjective, delta: number): tf.Tensor {
  if (objective === "l2") return tf.square(errors);
  const sizes = tf.abs(errors);
  if (objective === "l1") return sizes;
  const small = tf.minimum(sizes, delta);
  return tf.add(tf.mul(tf.square(small), 0.5), tf.mul(tf.sub(sizes, small), delta));
}
