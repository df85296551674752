import * as tf from "@tensorflow/tfjs-core";
import type { Losses } from "./losses.ts";

/** Names that the row of a step has already. */
const reserved: readonly string[] = ["loss", "gradientNorm", "learningRate", "patchSize", "imagesPerSecond"];

/**
 * A loss that is a weighted sum of named terms, with each term beside it to be logged: `loss = sum(weight * term)`.
 *
 * `weightedLosses({ label: [1, a], auxiliary: [0.3, b] })` is `{ loss: a + 0.3 b, label: a, auxiliary: b }`: the terms
 * come back as they are, without their weights. A weight of 0 logs a term without training on it.
 *
 * @param terms name to weight and float32 scalar, a mean over the batch
 * @throws where there is no term, a name is taken, a weight is not finite or a term is no float32 scalar
 */
export function weightedLosses<Name extends string>(
  terms: Record<Name, readonly [weight: number, term: tf.Scalar]>,
): Losses & Record<Name, tf.Scalar> {
  const entries = Object.entries<readonly [weight: number, term: tf.Scalar]>(terms);
  if (entries.length === 0) throw new Error("weightedLosses(terms): expected at least one term, got none. Name what is to be minimised.");
  for (const [name, [weight, term]] of entries) checkTerm(name, weight, term);
  const loss = tf.tidy(() => entries.map(([, [weight, term]]) => tf.mul<tf.Scalar>(term, weight)).reduce((a, b) => tf.add(a, b)));
  return { ...Object.fromEntries(entries.map(([name, [, term]]) => [name, term])), loss } as Losses & Record<Name, tf.Scalar>;
}

function checkTerm(name: string, weight: number, term: tf.Tensor): void {
  if (reserved.includes(name)) {
    throw new Error(`weightedLosses(terms): expected names other than ${reserved.join(", ")}, got "${name}". The log has it already: choose another.`);
  }
  if (!Number.isFinite(weight)) {
    throw new Error(`weightedLosses(${name}): expected a finite weight, got ${weight}. Weigh it by a plain number.`);
  }
  if (term.rank !== 0 || term.dtype !== "float32") {
    throw new Error(`weightedLosses(${name}): expected a float32 scalar, got ${term.dtype} of shape [${term.shape}]. Reduce it with tf.mean.`);
  }
}
