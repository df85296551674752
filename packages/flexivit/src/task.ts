import {
  classificationLoss,
  countCorrect,
  multiLabelMetrics,
  regressionLoss,
  regressionMetrics,
  smoothTargets,
  type ClassificationObjective,
  type RegressionObjective,
  type Smoothing,
} from "@flexivit/classify";
import type { Figures } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import type { Meter } from "./evaluation-pass.ts";

/** What targets say: one class per picture, any number of classes, or numbers. */
export type Task = "single-label" | "multi-label" | "regression";

export type Objective = ClassificationObjective | RegressionObjective;

/** The losses that a task can minimise, its default first. */
export const objectivesOf: Readonly<Record<Task, readonly Objective[]>> = {
  "single-label": ["softmax", "sigmoid"],
  "multi-label": ["sigmoid"],
  regression: ["l2", "l1", "huber"],
};

/**
 * The loss of a batch under an objective.
 *
 * @param outputs [batch, classes] logits, or [batch, values]
 * @param targets as many probabilities, or numbers; smoothed where they are probabilities of one class
 * @returns a scalar
 */
export function objectiveLoss(outputs: tf.Tensor2D, targets: tf.Tensor2D, objective: Objective, smoothing: Smoothing): tf.Scalar {
  return tf.tidy(() => {
    if (objective === "l2" || objective === "l1" || objective === "huber") return regressionLoss(outputs, targets, { objective });
    return classificationLoss(outputs, smoothing.share > 0 ? smoothTargets(targets, smoothing) : targets, objective);
  });
}

/** Gathers the outputs of a classifier. */
type ClassifierMeter = Meter<tf.Tensor2D, { labels: ArrayLike<number>; targets: Float32Array }>;

/** A meter of a task with so many classes or values. */
export function meterOf(task: Task, classes: number): ClassifierMeter {
  return task === "single-label" ? countingMeter() : gatheringMeter(task, classes);
}

function countingMeter(): ClassifierMeter {
  let [correct, pictures] = [0, 0];
  return {
    async add(logits, { labels }) {
      correct += await countCorrect(logits, labels);
      pictures += labels.length;
    },
    figures: () => ({ accuracy: correct / pictures }),
  };
}

/** Keeps every output: average precision and R2 need all of them at once. */
function gatheringMeter(task: "multi-label" | "regression", classes: number): ClassifierMeter {
  const [outputs, targets]: [Float32Array[], Float32Array[]] = [[], []];
  return {
    async add(output, batch) {
      outputs.push(Float32Array.from(await output.data()));
      targets.push(batch.targets);
    },
    figures(): Figures {
      const [all, wanted] = [concatenated(outputs), concatenated(targets)];
      if (task === "regression") {
        const { mae, rmse, r2 } = regressionMetrics(all, wanted, classes);
        return { mae, rmse, r2 };
      }
      const { meanAveragePrecision, microF1, macroF1 } = multiLabelMetrics(all, wanted, { classes });
      return { meanAveragePrecision, microF1, macroF1 };
    },
  };
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
