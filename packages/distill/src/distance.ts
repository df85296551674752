import { axes } from "@flexivit/axes";
import { softmaxCrossEntropy } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { constant } from "./constant.ts";

/**
 * How far a student's logits are from a teacher's, per example. Plain data.
 *
 * - `kl`: `t^2 KL(softmax(teacher / t) || softmax(student / t))`, with `t` the temperature, 1 unless given
 * - `hard`: cross-entropy with the teacher's best class, of whose target `smoothing` is spread over the others, less the
 *   entropy of that target: 0 is the least there is
 * - `l2`: sum of squared differences of the logits
 * - `euclidean`: its root
 * - `log-softmax-euclidean`: the root for the log-probabilities, which no constant added to the logits changes
 */
export type Distance =
  | { readonly kind: "kl"; readonly temperature?: number }
  | { readonly kind: "hard"; readonly smoothing?: number }
  | { readonly kind: "l2" }
  | { readonly kind: "euclidean" }
  | { readonly kind: "log-softmax-euclidean" };

/**
 * The distance of each example, differentiable in the student's logits; the teacher's are constants.
 *
 * @param student [batch, classes]
 * @param teacher [batch, classes]
 * @returns [batch]; in nats for `kl` and `hard`
 * @throws where the shapes differ, or the kind, the temperature or the smoothing does not exist.
 * Source: big_vision `evaluators/proj/distill/distance.py`; KL at a temperature is arXiv 1503.02531.
 */
export function logitDistance(student: tf.Tensor2D, teacher: tf.Tensor2D, distance: Distance): tf.Tensor1D {
  const { batch, classes } = axes(student, "logitDistance(student)", "batch classes");
  axes(teacher, "logitDistance(teacher)", "batch classes", { batch, classes });
  return tf.tidy(() => {
    const target = constant(teacher);
    switch (distance.kind) {
      case "kl":
        return klAtTemperature(student, target, positive(distance.temperature ?? 1));
      case "hard":
        return hardDistance(student, target, smoothingOf(distance.smoothing ?? 0, classes));
      case "l2":
        return squaredDistance(student, target);
      case "euclidean":
        return root(squaredDistance(student, target));
      case "log-softmax-euclidean":
        return root(squaredDistance(tf.logSoftmax(student), tf.logSoftmax(target)));
      default:
        throw unknownKind(distance);
    }
  });
}

/** The mean of {@link logitDistance} over the batch: a loss. */
export function distillationLoss(student: tf.Tensor2D, teacher: tf.Tensor2D, distance: Distance = { kind: "kl" }): tf.Scalar {
  return tf.tidy(() => tf.mean<tf.Scalar>(logitDistance(student, teacher, distance)));
}

/** Cross-entropy minus the teacher's entropy, which is a constant: only the former is differentiated. */
function klAtTemperature(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): tf.Tensor1D {
  const logProbabilities = tf.logSoftmax(tf.div(teacher, temperature));
  const probabilities = tf.exp(logProbabilities) as tf.Tensor2D;
  const negativeEntropy = tf.sum(tf.mul(probabilities, logProbabilities), 1);
  const crossEntropy = softmaxCrossEntropy(tf.div(student, temperature), probabilities);
  return tf.mul(tf.add(crossEntropy, negativeEntropy), temperature ** 2);
}

/** The target has `1 - smoothing` on the teacher's best class (the first of equals); the others share the rest. */
function hardDistance(student: tf.Tensor2D, teacher: tf.Tensor2D, smoothing: number): tf.Tensor1D {
  const [, classes] = teacher.shape;
  const best = tf.cast(tf.equal(tf.range(0, classes, 1, "int32"), tf.expandDims(tf.argMax(teacher, 1), 1)), "float32");
  const off = smoothing === 0 ? 0 : smoothing / (classes - 1);
  const targets = tf.add(tf.mul(best, 1 - smoothing - off), off) as tf.Tensor2D;
  const entropy = smoothing === 0 ? 0 : -(1 - smoothing) * Math.log(1 - smoothing) - smoothing * Math.log(off);
  return tf.sub(softmaxCrossEntropy(student, targets), entropy);
}

function squaredDistance(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  return tf.sum(tf.square(tf.sub(a, b)), 1);
}

function root(squares: tf.Tensor1D): tf.Tensor1D {
  const tiny = 1e-12; // the reference's; keeps the gradient finite where student and teacher agree
  return tf.sqrt(tf.add(squares, tiny));
}

function positive(temperature: number): number {
  if (temperature > 0 && temperature < Infinity) return temperature;
  throw new Error(`logitDistance(temperature): expected a finite number above 0, got ${temperature}. Use 1 for the probabilities as they are.`);
}

function smoothingOf(smoothing: number, classes: number): number {
  if (smoothing >= 0 && smoothing < 1 && (smoothing === 0 || classes > 1)) return smoothing;
  throw new Error(`logitDistance(smoothing): expected a share from 0 to below 1, and at least 2 classes, got ${smoothing} and ${classes}. Use 0 for none.`);
}

function unknownKind({ kind }: { kind: unknown }): Error {
  return new Error(
    `logitDistance(kind): expected one of kl, hard, l2, euclidean, log-softmax-euclidean, got ${JSON.stringify(kind)}. Use one of these kinds.`,
  );
}
