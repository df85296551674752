import * as tf from "@tensorflow/tfjs-core";
import type { WebgpuBackend } from "./webgpu-read.ts";

const kernelName = "AddN";

/**
 * Replaces the sum of n tensors on WebGPU by one that adds at most as many at a time as a shader may read.
 *
 * A device promises 8 storage buffers per shader, of which one is the result; tfjs's own kernel binds all its inputs
 * and gives zeros for more than 7.
 */
export function registerSafeAddN(): void {
  const original = tf.getKernel(kernelName, "webgpu");
  tf.unregisterKernel(kernelName, "webgpu");
  tf.registerKernel({ ...original, kernelFunc: (call) => addN(call, original.kernelFunc) });
}

/** tfjs passes the inputs of this kernel as an array, whatever its types say. */
function addN({ inputs, backend, attrs }: Parameters<tf.KernelFunc>[0], original: tf.KernelFunc): tf.TensorInfo {
  const sum = (tensors: tf.TensorInfo[]) => original({ inputs: tensors as unknown as tf.NamedTensorInfoMap, backend, attrs }) as tf.TensorInfo;
  const webgpu = backend as WebgpuBackend;
  const most = webgpu.device.limits["maxStorageBuffersPerShaderStage"]! - 1;
  const rest = [...(inputs as unknown as tf.TensorInfo[])];
  let total = sum(rest.splice(0, most));
  while (rest.length > 0) {
    const sofar = total;
    total = sum([sofar, ...rest.splice(0, most - 1)]);
    webgpu.disposeData(sofar.dataId);
  }
  return total;
}
