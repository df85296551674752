import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Share of the examples whose best class by `reference` is among the `k` best by `logits`; of equals the first is better.
 *
 * @param logits [batch, classes]
 * @param reference [batch, classes]: of a teacher, or of the same model at another patch size
 * @returns 0 to 1
 * @throws where the shapes differ, or k is no whole number from 1 to the number of classes.
 * Source: "agree" of big_vision `evaluators/proj/distill/distance.py`.
 */
export async function agreement(logits: tf.Tensor2D, reference: tf.Tensor2D, k = 1): Promise<number> {
  const { batch, classes } = axes(logits, "agreement(logits)", "batch classes");
  axes(reference, "agreement(reference)", "batch classes", { batch, classes });
  if (!(Number.isInteger(k) && k >= 1 && k <= classes)) {
    throw new Error(`agreement(k): expected a whole number from 1 to ${classes}, got ${k}. Use 1 for the best class alone.`);
  }
  const [own, others] = [await logits.data<"float32">(), await reference.data<"float32">()];
  let agreeing = 0;
  for (let row = 0; row < batch; row++) {
    const at = row * classes;
    const best = indexOfMax(others.subarray(at, at + classes));
    if (rankOf(best, own.subarray(at, at + classes)) < k) agreeing++;
  }
  return agreeing / batch;
}

/**
 * How often every two of several sets of logits agree on the best class: of a model at its patch sizes, say.
 *
 * @param logits n tensors [batch, classes]
 * @returns n rows of n shares from 0 to 1; ones on the diagonal
 */
export async function agreementMatrix(logits: readonly tf.Tensor2D[]): Promise<number[][]> {
  return Promise.all(logits.map((own) => Promise.all(logits.map((other) => agreement(own, other)))));
}

function indexOfMax(values: Float32Array): number {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
}

/** How many classes are better than this one. */
function rankOf(index: number, values: Float32Array): number {
  const own = values[index];
  return values.reduce((rank, value, other) => rank + Number(value > own || (value === own && other < index)), 0);
}
