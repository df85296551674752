import * as tf from "@tensorflow/tfjs-core";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";

const require = createRequire(import.meta.url);

type Attributes = { [name: string]: unknown };

/** An operation of kernels/*.cc: its inputs in order, the number of its outputs and its one attribute. */
type Operation = { inputs: string[]; outputs: number; option?: (attributes: Attributes) => number };

const form = ({ form }: Attributes): number => (form === "tanh" ? 1 : 0);
const epsilon = ({ epsilon }: Attributes): number => epsilon as number;
const heads = ({ heads }: Attributes): number => heads as number;

const operations: { [name: string]: Operation } = {
  FlexivitAdamw: { inputs: ["param", "gradient", "m", "v", "settings"], outputs: 3 },
  FlexivitAddBias: { inputs: ["x", "bias"], outputs: 1 },
  FlexivitAttention: { inputs: ["query", "key", "value", "mask"], outputs: 2, option: heads },
  FlexivitAttentionGrad: { inputs: ["dy", "query", "key", "value", "mask", "y", "logSumExp"], outputs: 3, option: heads },
  FlexivitBiasGelu: { inputs: ["x", "bias"], outputs: 1, option: form },
  FlexivitBiasGeluGrad: { inputs: ["dy", "x", "bias"], outputs: 3, option: form },
  FlexivitColumnSum: { inputs: ["x"], outputs: 1 },
  FlexivitGelu: { inputs: ["x"], outputs: 1, option: form },
  FlexivitGeluGrad: { inputs: ["dy", "x"], outputs: 1, option: form },
  FlexivitLayerNorm: { inputs: ["x", "scale", "bias"], outputs: 3, option: epsilon },
  FlexivitLayerNormGrad: { inputs: ["dy", "x", "scale", "mean", "inverseStd"], outputs: 3 },
  FlexivitSumOfSquares: { inputs: ["x"], outputs: 1 },
  FlexivitSwiglu: { inputs: ["x", "bias"], outputs: 1 },
  FlexivitSwigluGrad: { inputs: ["dy", "x", "bias"], outputs: 3 },
};

/**
 * Loads the fused kernels library from `folder` and registers its kernels for `backendName`.
 *
 * The kernels run on the processor: on a graphics card the composed operations are the faster ones.
 *
 * @returns whether the kernels are registered
 */
export async function registerFusedKernels(folder: string, backendName: string): Promise<boolean> {
  const { binding } = tf.findBackend(backendName) as NodeJSKernelBackend;
  if (binding.isUsingGpuDevice()) return false;
  require(join(folder, "flexivit_kernels.node"));
  for (const [kernelName, operation] of Object.entries(operations))
    if (!tf.getKernel(kernelName, backendName)) tf.registerKernel({ kernelName, backendName, kernelFunc: kernelOf(kernelName, operation) });
  return true;
}

function kernelOf(name: string, { inputs: names, outputs, option }: Operation): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const native = backend as NodeJSKernelBackend;
    const value = option?.(attrs as Attributes) ?? 0;
    const tensors = names.map((input) => inputs[input] as tf.Tensor);
    return native.executeMultipleOutputs(name, [{ name: "option", type: native.binding.TF_ATTR_FLOAT, value }], tensors, outputs);
  };
}
