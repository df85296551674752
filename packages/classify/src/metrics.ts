import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";
import { checkLabels } from "./labels.ts";
import { type ClassificationObjective, checkObjective } from "./loss.ts";

/** A class and its probability. */
export type ClassProbability = { class: number; probability: number };

/**
 * Pictures whose label is among the `k` largest logits.
 *
 * A label that ties with other classes stands behind them, and one among logits that are not numbers behind those: a
 * model that says the same for every class, or NaN, scores nothing by luck.
 *
 * @param logits [batch, classes]
 * @param labels class of each picture, 0 to classes - 1
 * @returns how many of the batch are right
 * @throws when there is not one label per picture, a label is not a class or `k` is no whole number above 0.
 */
export async function countCorrect(logits: tf.Tensor2D, labels: ArrayLike<number>, k = 1): Promise<number> {
  const { batch, classes } = axes(logits, "countCorrect(logits)", "batch classes");
  checkTop(k, "countCorrect(k)");
  if (labels.length !== batch) {
    throw new Error(`countCorrect(labels): expected ${batch} labels, one per row of the logits, got ${labels.length}. Pass the labels of this batch.`);
  }
  checkLabels(labels, classes, "countCorrect(labels)");
  const values = await logits.data<"float32">();
  let correct = 0;
  for (let row = 0; row < batch; row++) {
    const ofRow = values.subarray(row * classes, (row + 1) * classes);
    const own = ofRow[labels[row]];
    // "Not less" and not "at least": NaN counts as ahead.
    const ahead = ofRow.reduce((count, value) => count + Number(!(value < own)), -1); // -1: the label itself
    if (ahead < k) correct++;
  }
  return correct;
}

/**
 * The most probable classes of each picture, best first; ties in the order of the classes.
 *
 * @param logits [batch, classes]
 * @param objective what the head was trained by: `softmax`, unless given, or `sigmoid` for each class on its own
 * @returns per picture `k` classes and their probabilities, or all where there are fewer
 * @throws when `k` is no whole number above 0.
 */
export async function topClasses(logits: tf.Tensor2D, k = 5, objective: ClassificationObjective = "softmax"): Promise<ClassProbability[][]> {
  const { batch, classes } = axes(logits, "topClasses(logits)", "batch classes");
  checkTop(k, "topClasses(k)");
  checkObjective(objective, "topClasses(objective)");
  const probabilities = objective === "softmax" ? tf.softmax(logits) : tf.sigmoid(logits);
  const values = await probabilities.data();
  probabilities.dispose();
  return Array.from({ length: batch }, (_, row) => {
    const all = Array.from({ length: classes }, (_, index) => ({ class: index, probability: values[row * classes + index] }));
    return all.sort((a, b) => b.probability - a.probability).slice(0, k);
  });
}

function checkTop(k: number, where: string): void {
  if (!Number.isInteger(k) || k < 1) throw new Error(`${where}: expected a whole number above 0, got ${k}. Use 1 for the best class alone.`);
}
