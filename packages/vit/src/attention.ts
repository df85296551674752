import { attention, linear } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionParams } from "./params.ts";

/** What attention between tokens takes beside its weights. */
export type TokenAttention = {
  heads: number;
  /** [batch, tokens, dim]: the tokens that are looked at; the queries' own unless given. */
  context?: tf.Tensor3D;
  /** [batch, 1, 1, keys]: 0 for tokens that may be looked at, -1e9 for padding. */
  mask?: tf.Tensor4D;
};

/**
 * Multi-head attention with its four projections.
 *
 * @param x [batch, queries, dim]
 * @returns [batch, queries, dim]
 */
export function tokenAttention(params: AttentionParams, x: tf.Tensor3D, { heads, context = x, mask }: TokenAttention): tf.Tensor3D {
  return tf.tidy(() => {
    const query = linear(x, params.query.kernel, params.query.bias);
    const key = linear(context, params.key.kernel, params.key.bias);
    const value = linear(context, params.value.kernel, params.value.bias);
    const mixed = attention(query, key, value, { heads, mask });
    return linear(mixed, params.output.kernel, params.output.bias);
  });
}
