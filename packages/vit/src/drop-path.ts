import type { BackboneOptions } from "@flexivit/features";
import { random } from "@flexivit/random";
import * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";

/** What the branches of a block are multiplied by, each [batch]: 0 where an image skips it. All 1 where absent. */
export type BranchFactors = { attentionFactors?: tf.Tensor1D; mlpFactors?: tf.Tensor1D };

/**
 * The factors of a block's two branches in a training step: an image skips a branch with probability `rate`, else its
 * branch is multiplied by 1 / (1 - rate), so that the expected branch is the one of inference.
 *
 * rate = dropPath * index / (depth - 1), dropPath itself with one block. The draws are a function of (seed, block, step).
 *
 * @returns the factors, the caller's to dispose; none outside of training or where the rate is 0
 * @throws in training without a seed and a step
 * Source: arXiv 1603.09382 section 3, linear decay; one draw per image and branch as in timm, whose rates are the same.
 */
export function branchFactors(
  { dropPath, depth }: VitConfig,
  index: number,
  batch: number,
  { training = false, seed, step }: Pick<BackboneOptions, "training" | "seed" | "step">,
): BranchFactors {
  if (!training || dropPath === 0) return {};
  if (seed === undefined || step === undefined) {
    throw new Error(
      `vit(options): expected a seed and a step when training with dropPath ${dropPath}, got ${seed === undefined ? "no seed" : "no step"}. ` +
        "Pass both: they decide which branches are skipped.",
    );
  }
  const rate = depth === 1 ? dropPath : (dropPath * index) / (depth - 1);
  if (rate === 0) return {};
  const { uniform } = random(seed, "drop-path", index, step);
  const draw = (): tf.Tensor1D => tf.tensor1d(Array.from({ length: batch }, () => (uniform() < rate ? 0 : 1 / (1 - rate))));
  return { attentionFactors: draw(), mlpFactors: draw() };
}
