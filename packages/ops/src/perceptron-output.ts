import * as tf from "@tensorflow/tfjs-core";
import type { LinearParams } from "./mlp.ts";
import { addBiasInPlace } from "./rows.ts";

export type PerceptronOptions = {
  /**
   * Nobody reads the result, only its gradient is wanted, as of a block that runs again in the backward pass. The result
   * is zeros then, which saves the product with the output's kernel; the gradient is as always. False unless given.
   */
  gradientOnly?: boolean;
};

/** `active() kernel + bias` as `shape`. */
export function perceptronOutput<T extends tf.Tensor>(
  active: () => tf.Tensor2D,
  { kernel, bias }: LinearParams,
  shape: number[],
  { gradientOnly = false }: PerceptronOptions,
): T {
  if (gradientOnly) return tf.fill(shape, 0, "float32") as T;
  return tf.reshape(addBiasInPlace(tf.matMul<tf.Tensor2D>(active(), kernel), bias), shape) as T;
}
