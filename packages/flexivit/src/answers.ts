import { topClasses } from "@flexivit/classify";
import type * as tf from "@tensorflow/tfjs-core";
import type { ClassifierInfo } from "./model.ts";

/** What a model says of a picture: its most probable classes, best first, or its numbers. */
export type Answer = { classes: { name: string; probability: number }[] } | { values: { name: string; value: number }[] };

/**
 * The answers of a model out of its outputs, by what these mean: of one class per picture the probabilities sum to 1, of
 * several each class has one of its own, and a regression gives every number.
 *
 * @param outputs [batch, classes]
 * @param top how many classes
 * @returns one per row
 */
export async function answersOf(outputs: tf.Tensor2D, { task, classes: names }: Pick<ClassifierInfo, "task" | "classes">, top: number): Promise<Answer[]> {
  if (task === "regression") {
    const values = await outputs.data();
    return Array.from({ length: outputs.shape[0] }, (_, row) => ({
      values: names.map((name, index) => ({ name, value: values[row * names.length + index] })),
    }));
  }
  const best = await topClasses(outputs, top, task === "multi-label" ? "sigmoid" : "softmax");
  return best.map((classes) => ({ classes: classes.map(({ class: index, probability }) => ({ name: names[index], probability })) }));
}
