import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable } from "./differentiable.ts";

/**
 * Cross-entropy of softmax probabilities per example: `-sum(targets * logSoftmax(logits))`.
 *
 * The targets are constants: no gradient flows to them. They need not sum to 1.
 *
 * @param logits `[batch, classes]`
 * @param targets `[batch, classes]` probabilities
 * @returns `[batch]`, in nats
 * @throws where the shapes differ or are not of rank 2
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  const { batch, classes } = axes(logits, "softmaxCrossEntropy(logits)", "batch classes");
  axes(targets, "softmaxCrossEntropy(targets)", "batch classes", { batch, classes });
  return differentiable(
    [logits],
    (save) => {
      const shifted = tf.sub(logits, tf.max(logits, 1, true));
      const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
      save([logProbabilities, targets]);
      return tf.neg(tf.sum(tf.mul(logProbabilities, targets), 1)) as tf.Tensor1D;
    },
    (dy, [logProbabilities, targets]) => {
      const probabilities = tf.mul(tf.exp(logProbabilities!), tf.sum(targets!, 1, true));
      return [tf.mul(tf.sub(probabilities, targets!), tf.expandDims(dy, 1))];
    },
  );
}
