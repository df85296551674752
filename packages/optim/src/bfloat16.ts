import * as tf from "@tensorflow/tfjs-core";

/** 2^16 + 1: cuts the 24 significant bits of a float32 to the 8 of a bfloat16. */
const splitter = 65537;

/**
 * The nearest bfloat16 of each value, ties to even, kept as float32.
 *
 * Exact below 2^111 in magnitude; beyond, and for what is not a number, NaN.
 *
 * Source: Veltkamp's splitting; T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
 */
export function roundBfloat16(values: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const spread = tf.mul(values, splitter);
    return tf.add(spread, tf.sub(values, spread));
  });
}

/** The nearest bfloat16 of a number. */
export function toBfloat16(value: number): number {
  const spread = Math.fround(Math.fround(value) * splitter);
  return Math.fround(spread + Math.fround(Math.fround(value) - spread));
}
