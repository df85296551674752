import * as tf from "@tensorflow/tfjs-core";
import { roundBfloat16, toBfloat16 } from "./bfloat16.ts";

/** Precision that a first moment keeps between steps. bfloat16 is for equal numbers, not for memory: it is kept as float32. */
export type MomentPrecision = "float32" | "bfloat16";

/**
 * The first moment b1 old + (1 - b1) fresh that an update uses, and what is kept of it.
 *
 * With bfloat16, the decayed state bf16(bf16(b1) old) enters the sum, the update uses the unrounded sum, and what is
 * kept is its rounding.
 *
 * Source: big_vision `scale_by_adam` and `scale_by_adafactor` with a bfloat16 moment, run operation by operation.
 */
export function firstMoment(
  old: tf.Tensor,
  fresh: tf.Tensor,
  b1: number,
  precision: MomentPrecision,
): { mu: tf.Tensor; kept: tf.Tensor } {
  const rounded = precision === "bfloat16";
  const mu = tf.tidy(() => {
    const decayed = rounded ? roundBfloat16(tf.mul(old, toBfloat16(b1))) : tf.mul(old, b1);
    return tf.add(decayed, tf.mul(fresh, 1 - b1));
  });
  return { mu, kept: rounded ? roundBfloat16(mu) : mu };
}
