import type { VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Adds the position of the class token to the token, in place of the two leaves, and returns the configuration without it.
 *
 * The sum is what the forward pass would make of them. Source: big_vision `utils.fix_old_checkpoints`.
 */
export function foldedClassPosition(leaves: Map<string, tf.Tensor>, config: VitConfig): VitConfig {
  const [token, position] = [leaves.get("classToken"), leaves.get("classTokenPosition")];
  if (!config.classToken || !token || !position) return config;
  leaves.set("classToken", tf.add(token, position));
  leaves.delete("classTokenPosition");
  tf.dispose([token, position]);
  return { ...config, classToken: { ...config.classToken, position: false } };
}
