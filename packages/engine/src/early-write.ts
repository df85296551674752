import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import type { DataType } from "@tensorflow/tfjs-core";

/** What tfjs-node calls before each operation and declares private: its answer needs the tensors within TensorFlow. */
type WithTensorIds = { getInputTensorIds(tensors: readonly { dataId: object }[]): number[] };

/** Smaller arrays may wait in JavaScript: many of them, such as the scalars of a schedule, are only read there. */
const leastBytes = 65_536;

/**
 * Makes a backend hand large float32 arrays to TensorFlow when the tensor is made, and let go of them.
 *
 * TensorFlow copies an array, or takes its memory as it is where that is aligned: do not change it afterwards.
 * By itself tfjs-node keeps the array until an operation first reads the tensor. A model that was just built or loaded
 * then lies in memory twice at the first step, and the JavaScript side of it until the next full garbage collection.
 */
export function writeEarly(backend: NodeJSKernelBackend): NodeJSKernelBackend {
  const { getInputTensorIds } = backend as unknown as WithTensorIds;
  const write = backend.write.bind(backend);
  backend.write = (values, shape: number[], dtype: DataType) => {
    const dataId = write(values, shape, dtype);
    const large = values instanceof Float32Array && values.byteLength >= leastBytes && dtype === "float32";
    if (large) getInputTensorIds.call(backend, [{ dataId }]);
    return dataId;
  };
  return backend;
}
