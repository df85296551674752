import { axes } from "@flexivit/axes";
import { softmaxCrossEntropy } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { focal } from "./matching.ts";

/**
 * Focal loss of each logit: `alpha_t (1 - p_t)^2 (-log p_t)`, where p_t is the probability of what is so, and alpha_t is 0.25
 * where the class is there, 0.75 where it is not.
 *
 * @param logits any shape
 * @param targets the same shape, 0 or 1; constants
 * @returns the same shape, in nats
 * Source: torchvision.ops `sigmoid_focal_loss`; arXiv 1708.02002.
 */
export function focalLoss<T extends tf.Tensor>(logits: T, targets: T): T {
  return tf.tidy(() => {
    const signs = tf.sub(tf.mul(targets, 2), 1);
    const towards = tf.mul(logits, signs); // p_t = sigmoid(towards)
    const minusLog = tf.add(tf.relu(tf.neg(towards)), tf.log1p(tf.exp(tf.neg(tf.abs(towards)))));
    const balance = tf.add(1 - focal.alpha, tf.mul(targets, 2 * focal.alpha - 1));
    return tf.mul(balance, tf.mul(tf.pow(tf.sigmoid(tf.neg(towards)), focal.gamma), minusLog)) as T;
  });
}

/**
 * Cross-entropy of a distribution over the classes and "no object", as a weighted mean over all boxes; 0 where all weights are 0.
 *
 * @param logits [batch, boxes, classes + 1]
 * @param targets [batch, boxes, classes + 1], one 1 per box, in the last place for "no object"; constants
 * @param noObjectWeight weight of a box that is to find nothing; the others have 1
 * @returns a scalar, in nats
 * Source: the loss of DETR, arXiv 2005.12872; torch's `cross_entropy` with class weights.
 */
export function noObjectCrossEntropy(logits: tf.Tensor3D, targets: tf.Tensor3D, noObjectWeight: number): tf.Scalar {
  const { batch, boxes, outputs } = axes(logits, "noObjectCrossEntropy(logits)", "batch boxes outputs");
  return tf.tidy(() => {
    const rows = tf.reshape<tf.Rank.R2>(targets, [batch * boxes, outputs]);
    const isEmpty = tf.reshape(tf.slice(rows, [0, outputs - 1], [batch * boxes, 1]), [batch * boxes]);
    const weights = tf.add(1, tf.mul(isEmpty, noObjectWeight - 1));
    const losses = softmaxCrossEntropy(tf.reshape<tf.Rank.R2>(logits, [batch * boxes, outputs]), rows);
    const total = tf.maximum(tf.sum(weights), 1e-30); // 0 / 1e-30 where no box counts
    return tf.div(tf.sum(tf.mul(weights, losses)), total) as tf.Scalar;
  });
}
