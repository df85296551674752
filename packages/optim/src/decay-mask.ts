import * as tf from "@tensorflow/tfjs-core";
import type { PathFilter } from "@flexivit/params";

/** Which leaves decay: those named `kernel`, every leaf, or those whose path a function takes. */
export type DecayMask = "kernels" | "all" | PathFilter;

export const decayMaskRange = {
  expected: '"kernels", "all" or a function of the path',
  holds: (value: unknown): boolean => value === "kernels" || value === "all" || typeof value === "function",
};

/** The weight decay of a leaf: 0 where the mask refuses its path. */
export function decayAt({ weightDecay, decayMask }: { weightDecay: number; decayMask: DecayMask }, path: string): number {
  if (decayMask === "all") return weightDecay;
  const decays = decayMask === "kernels" ? /(^|\/)kernel$/.test(path) : decayMask(path);
  return decays ? weightDecay : 0;
}

/** gradient + weightDecay param: the gradient of the loss with a penalty weightDecay / 2 |param|^2 on the leaf. */
export function withPenalty(gradient: tf.Tensor, param: tf.Tensor, weightDecay: number): tf.Tensor {
  return weightDecay === 0 ? gradient : tf.tidy(() => tf.add(gradient, tf.mul(param, weightDecay)));
}
