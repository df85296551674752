import { attention, layerNorm, linear, mlp, residual } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";
import type { AttentionParams, BlockParams, NormParams } from "./params.ts";

/**
 * One pre-norm transformer block: `x + attention(norm(x))`, then `x + mlp(norm(x))`.
 *
 * @param x [batch, tokens, dim]
 * @returns [batch, tokens, dim]
 */
export function block(params: BlockParams, config: VitConfig, x: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    // A tidy of its own: what attention made is gone before the hidden layer takes its four times as much.
    const mixed = tf.tidy(() => residual(x, selfAttention(params.attention, config, norm(params.attentionNorm, config, x))));
    return residual(mixed, mlp(params.mlp, norm(params.mlpNorm, config, mixed), config.activation));
  });
}

/** Layer norm over the last axis of [batch, tokens, dim], with the epsilon of the config. */
export function norm(params: NormParams, config: VitConfig, x: tf.Tensor3D): tf.Tensor3D {
  return layerNorm(x, params.scale, params.bias, config.layerNormEpsilon);
}

function selfAttention(params: AttentionParams, config: VitConfig, x: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const query = linear(x, params.query.kernel, params.query.bias);
    const key = linear(x, params.key.kernel, params.key.bias);
    const value = linear(x, params.value.kernel, params.value.bias);
    const mixed = attention(query, key, value, { heads: config.heads });
    return linear(mixed, params.output.kernel, params.output.bias);
  });
}
