import { sigmoidCrossEntropy, softmaxCrossEntropy } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";

/** `softmax`: one class per picture. `sigmoid`: every class on its own, also several at once. */
export type ClassificationObjective = "softmax" | "sigmoid";

const losses = { softmax: softmaxCrossEntropy, sigmoid: sigmoidCrossEntropy } as const;

/**
 * Mean cross-entropy of a batch between logits and target probabilities.
 *
 * `softmax`: mean over the batch of `-sum(targets * log softmax(logits))`.
 * `sigmoid`: mean over the batch of the sum over classes of the binary cross-entropies (big_vision's `sigmoid_xent`).
 *
 * @param logits [batch, classes]
 * @param targets [batch, classes] probabilities; constants: no gradient flows to them
 * @returns a scalar, in nats per picture
 * @throws when the shapes differ or the objective does not exist.
 */
export function classificationLoss(logits: tf.Tensor2D, targets: tf.Tensor2D, objective: ClassificationObjective = "softmax"): tf.Scalar {
  checkObjective(objective, "classificationLoss(objective)");
  return tf.tidy(() => tf.mean<tf.Scalar>(losses[objective](logits, targets)));
}

export function checkObjective(objective: ClassificationObjective, where: string): void {
  if (Object.hasOwn(losses, objective)) return;
  throw new Error(`${where}: expected one of softmax, sigmoid, got "${String(objective)}". Use softmax for one class per picture, sigmoid for several.`);
}
