import * as tf from "@tensorflow/tfjs-core";

/** Kernels that an engine may bring; each does in one pass what the composed code beside its use does in several. */
export type FusedKernel =
  | "FlexivitAddBias"
  | "FlexivitAttention"
  | "FlexivitAttentionGrad"
  | "FlexivitBiasGelu"
  | "FlexivitBiasGeluGrad"
  | "FlexivitColumnSum"
  | "FlexivitGelu"
  | "FlexivitGeluGrad"
  | "FlexivitLayerNorm"
  | "FlexivitLayerNormGrad"
  | "FlexivitSwiglu"
  | "FlexivitSwigluGrad";

type Attributes = { [name: string]: string | number | boolean };

/** Runs a fused kernel of the current backend and returns its outputs, or `undefined` where the backend has none. */
export function fused(name: FusedKernel, inputs: tf.NamedTensorMap, attributes: Attributes = {}): tf.Tensor[] | undefined {
  if (!tf.getKernel(name, tf.getBackend())) return undefined;
  const outputs: tf.Tensor | tf.Tensor[] = tf.engine().runKernel(name, inputs, attributes);
  return Array.isArray(outputs) ? outputs : [outputs];
}
