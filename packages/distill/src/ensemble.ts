import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

/** The logits of one of several teachers, [batch, classes], and how much it counts beside the others; 1 unless given. */
export type Vote = { logits: tf.Tensor2D; weight?: number };

/**
 * One teacher out of several: the logarithm of the weighted mean of their probabilities, which any distance takes as
 * logits.
 *
 * `log(sum_k w_k softmax(logits_k) / sum_k w_k)`
 *
 * @returns [batch, classes]
 * @throws where there is no teacher, their shapes differ, or a weight is not above 0.
 */
export function ensembleLogits(votes: readonly Vote[]): tf.Tensor2D {
  if (votes.length === 0) throw new Error("ensembleLogits(votes): expected at least one teacher, got none. Pass its logits.");
  const { batch, classes } = axes(votes[0].logits, "ensembleLogits(votes[0].logits)", "batch classes");
  for (const [index, { logits, weight = 1 }] of votes.entries()) {
    axes(logits, `ensembleLogits(votes[${index}].logits)`, "batch classes", { batch, classes });
    if (!(weight > 0 && weight < Infinity)) {
      throw new Error(`ensembleLogits(votes[${index}].weight): expected a finite weight above 0, got ${weight}. Leave a teacher out that should not count.`);
    }
  }
  const total = votes.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return tf.tidy(() => {
    const parts = votes.map(({ logits, weight = 1 }) => tf.add(tf.logSoftmax(logits), Math.log(weight / total)));
    return tf.logSumExp(tf.stack(parts), 0) as tf.Tensor2D;
  });
}
