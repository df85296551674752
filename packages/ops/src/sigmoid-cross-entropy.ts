import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable } from "./differentiable.ts";

/**
 * Binary cross-entropies of sigmoid probabilities, summed over the classes of each example.
 *
 * `sum(max(logits, 0) - logits * targets + log(1 + exp(-|logits|)))`, which neither overflows nor cancels.
 * The targets are constants: no gradient flows to them.
 *
 * @param logits `[batch, classes]`
 * @param targets `[batch, classes]`, each in 0..1
 * @returns `[batch]`, in nats
 * @throws where the shapes differ or are not of rank 2
 */
export function sigmoidCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  const { batch, classes } = axes(logits, "sigmoidCrossEntropy(logits)", "batch classes");
  axes(targets, "sigmoidCrossEntropy(targets)", "batch classes", { batch, classes });
  return differentiable(
    [logits],
    (save) => {
      save([logits, targets]);
      const softplus = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
      return tf.sum(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), softplus), 1) as tf.Tensor1D;
    },
    (dy, [logits, targets]) => [tf.mul(tf.sub(tf.sigmoid(logits!), targets!), tf.expandDims(dy, 1))],
  );
}
