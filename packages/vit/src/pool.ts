import { mlp, residual } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { tokenAttention } from "./attention.ts";
import { norm } from "./block.ts";
import type { VitConfig } from "./config.ts";
import type { PoolParams } from "./params.ts";
import type { SplitTokens } from "./prefix.ts";

/** Which patch tokens are of the image: [batch, patches], 1 for those, 0 for padding. */
export type PatchMask = tf.Tensor2D;

/**
 * One vector per image: the mean of its patch tokens, its class token, or what a learned query makes of its patch tokens.
 *
 * @returns [batch, dim]; with "tok" the class token itself
 */
export function pool(params: PoolParams | undefined, config: VitConfig, { tokens, classToken }: SplitTokens, mask?: PatchMask): tf.Tensor2D {
  if (config.pooling === "tok") return classToken!;
  if (config.pooling === "map") return attentionPool(params!, config, tokens, mask);
  return mask ? maskedMean(tokens, mask) : tf.mean(tokens, 1);
}

/** 0 where the mask is 1 and -1e9 where it is 0, [batch, 1, 1, keys]: what attention adds to its scores. */
export function scoreMask(mask: PatchMask): tf.Tensor4D {
  const [batch, keys] = mask.shape;
  return tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [batch, 1, 1, keys]);
}

function maskedMean(tokens: tf.Tensor3D, mask: PatchMask): tf.Tensor2D {
  const [batch, patches, dim] = tokens.shape;
  const shares = tf.div(mask, tf.sum(mask, 1, true)); // [batch, patches]
  const means = tf.matMul(tf.reshape(shares, [batch, 1, patches]), tokens);
  return tf.reshape(means, [batch, dim]);
}

/** Attention of the probe over the tokens, then a residual MLP. Source: arXiv 2106.04560 section 3; big_vision `MAPHead`. */
function attentionPool(params: PoolParams, config: VitConfig, tokens: tf.Tensor3D, mask?: PatchMask): tf.Tensor2D {
  const [batch, , dim] = tokens.shape;
  const probe = tf.broadcastTo(tf.expandDims(params.probe, 0), [batch, 1, dim]) as tf.Tensor3D;
  const seen = tokenAttention(params.attention, probe, { heads: config.heads, context: tokens, mask: mask && scoreMask(mask) });
  const pooled = residual(seen, mlp(params.mlp, norm(params.norm, config, seen), config.activation));
  return tf.reshape(pooled, [batch, dim]);
}
