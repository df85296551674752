import type { VitModel } from "@flexivit/checkpoint";
import { classify } from "@flexivit/classify";
import { vit, type VitOptions } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

/**
 * `tokens` [batch, prefix + patches, dim]: all tokens after the last norm, class token and registers first (before the
 * norm where it is of the pooled vector); `pooled` [batch, dim]: what the head sees; `logits` [batch, classes], where
 * there is a head. big_vision: `encoded`, `pre_logits`, `logits`; timm: `forward_features`, `forward_head(pre_logits=True)`.
 */
export type VitOutputs = { tokens: tf.Tensor3D; pooled: tf.Tensor2D; logits?: tf.Tensor2D };

/**
 * The outputs of a vision transformer and its head that other frameworks give too, for comparing.
 *
 * @param images [batch, height, width, channels], taken as they are
 * @throws what `vit` throws
 */
export function vitOutputs({ params, config, head }: VitModel, images: tf.Tensor4D, options: VitOptions): VitOutputs {
  return tf.tidy((): VitOutputs => {
    const { prefix, tokens, pooled } = vit(params, config, images, options);
    const all = prefix ? tf.concat([prefix, tokens], 1) : tokens;
    return { tokens: all, pooled, ...(head && { logits: classify(head, { pooled }) }) };
  });
}
