import { axes } from "@flexivit/axes";
import { sigmoidCrossEntropy } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Two losses of each mask, differentiable in the logits.
 *
 * `crossEntropy`: binary cross-entropy, a mean over the pixels, in nats.
 * `dice`: `1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1)`, with p the probabilities, 0..1.
 *
 * @param logits [masks, pixels]
 * @param targets [masks, pixels], 0..1; constants
 * @returns [masks] each
 * @throws where the shapes differ
 * Source: the mask losses of DETR, arXiv 2005.12872, with cross-entropy in place of focal as in Mask2Former, arXiv 2112.01527.
 */
export function maskLosses(logits: tf.Tensor2D, targets: tf.Tensor2D): { crossEntropy: tf.Tensor1D; dice: tf.Tensor1D } {
  const { masks, pixels } = axes(logits, "maskLosses(logits)", "masks pixels");
  axes(targets, "maskLosses(targets)", "masks pixels", { masks, pixels });
  return tf.tidy(() => {
    const probabilities = tf.sigmoid(logits);
    const shared = tf.sum(tf.mul(probabilities, targets), 1);
    const total = tf.add(tf.sum(probabilities, 1), tf.sum(targets, 1));
    const dice = tf.sub(1, tf.div(tf.add(tf.mul(shared, 2), 1), tf.add(total, 1))) as tf.Tensor1D;
    return { crossEntropy: tf.div(sigmoidCrossEntropy(logits, targets), pixels), dice };
  });
}
