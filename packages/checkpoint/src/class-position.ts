import type { VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { registerPositions } from "./name-table.ts";

/**
 * Adds the position of the class token to the token, in place of the two leaves, and returns the configuration without
 * it. Without leaves only the configuration changes.
 *
 * The sum is what the forward pass would make of them. Source: big_vision `utils.fix_old_checkpoints`.
 */
export function foldedClassPosition(leaves: Map<string, tf.Tensor>, config: VitConfig): VitConfig {
  if (!config.classToken?.position) return config;
  if (leaves.size > 0) fold(leaves, "classToken", "classTokenPosition");
  return { ...config, classToken: { ...config.classToken, position: false } };
}

/** Adds positions of registers to the registers, in place of the two leaves. */
export function foldRegisterPositions(leaves: Map<string, tf.Tensor>): void {
  if (leaves.has(registerPositions)) fold(leaves, "registers", registerPositions);
}

function fold(leaves: Map<string, tf.Tensor>, token: string, position: string): void {
  const parts = [leaves.get(token)!, leaves.get(position)!];
  leaves.set(token, tf.add(parts[0], parts[1]));
  leaves.delete(position);
  tf.dispose(parts);
}
