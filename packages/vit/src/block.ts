import { layerNorm, mlp, residual, swiglu } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { tokenAttention } from "./attention.ts";
import type { VitConfig } from "./config.ts";
import type { BranchFactors } from "./drop-path.ts";
import type { BlockParams, NormParams } from "./params.ts";

/** What one run of a block takes beside weights and tokens: which tokens are padding, which branches are skipped. */
export type BlockRun = { mask?: tf.Tensor4D } & BranchFactors;

/**
 * One pre-norm transformer block: `x + attention(norm(x))`, then `x + mlp(norm(x))`; with layer scale each branch is
 * multiplied by its learned scale first, with drop path by a factor per image.
 *
 * @param x [batch, tokens, dim]
 * @param run with `gradientOnly` what is returned has the gradient of the result, but not its value: see `mlp`
 * @returns [batch, tokens, dim]
 */
export function block(params: BlockParams, config: VitConfig, x: tf.Tensor3D, run: BlockRun & { gradientOnly?: boolean } = {}): tf.Tensor3D {
  return tf.tidy(() => {
    // A tidy of its own: what attention made is gone before the hidden layer takes its four times as much.
    const mixed = tf.tidy(() => {
      const branch = tokenAttention(params.attention, norm(params.attentionNorm, config, x), { heads: config.heads, mask: run.mask });
      return residual(x, scaled(branch, params.attentionScale), run.attentionFactors);
    });
    const normed = norm(params.mlpNorm, config, mixed);
    // The gradient of a layer scale reads the branch.
    const gradientOnly = run.gradientOnly && !params.mlpScale;
    const branch = config.mlp === "swiglu" ? swiglu(params.mlp, normed, { gradientOnly }) : mlp(params.mlp, normed, config.activation, { gradientOnly });
    return residual(mixed, scaled(branch, params.mlpScale), run.mlpFactors);
  });
}

/** Layer norm over the last axis, with the epsilon of the config. */
export function norm<T extends tf.Tensor>(params: NormParams, config: VitConfig, x: T): T {
  return layerNorm(x, params.scale, params.bias, config.layerNormEpsilon);
}

function scaled(branch: tf.Tensor3D, scale: tf.Tensor1D | undefined): tf.Tensor3D {
  return scale ? tf.mul(branch, scale) : branch;
}
