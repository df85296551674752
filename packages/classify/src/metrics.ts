import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Pictures whose label is among the `k` largest logits.
 *
 * A label tied with other classes counts as if it stood behind them, so equal logits score nothing by luck.
 *
 * @param logits [batch, classes]
 * @param labels class of each picture
 * @returns how many of the batch are right
 */
export async function countCorrect(logits: tf.Tensor2D, labels: ArrayLike<number>, k = 1): Promise<number> {
  const { batch, classes } = axes(logits, "countCorrect(logits)", "batch classes");
  if (labels.length !== batch) {
    throw new Error(`countCorrect(labels): expected ${batch} labels, one per row of the logits, got ${labels.length}. Pass the labels of this batch.`);
  }
  const values = await logits.data();
  let correct = 0;
  for (let row = 0; row < batch; row++) {
    const start = row * classes;
    const own = values[start + labels[row]!]!;
    let ahead = 0;
    for (let c = 0; c < classes; c++) if (c !== labels[row] && !(values[start + c]! < own)) ahead++;
    if (ahead < k) correct++;
  }
  return correct;
}

/**
 * The most probable classes of each picture, best first.
 *
 * @param logits [batch, classes]
 * @returns per picture `k` entries of class index and softmax probability
 */
export async function topClasses(logits: tf.Tensor2D, k = 5): Promise<{ class: number; probability: number }[][]> {
  const { batch, classes } = axes(logits, "topClasses(logits)", "batch classes");
  const probabilities = tf.tidy(() => tf.softmax(logits));
  const values = await probabilities.data();
  probabilities.dispose();
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length: classes }, (_, index) => ({ class: index, probability: values[row * classes + index]! }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, k),
  );
}
