import type { WebgpuBackend } from "./webgpu-read.ts";

/**
 * Makes an operation throw when the device refuses a part of it, and every one after it.
 *
 * WebGPU reports such errors on the side, and the backend goes on with numbers that were never computed; what else was
 * in the refused submission is lost too.
 */
export function throwDeviceErrors(backend: WebgpuBackend): void {
  let refusal: Error | undefined;
  const check = () => {
    if (refusal) throw refusal;
  };
  backend.device.onuncapturederror = (event) => {
    event.preventDefault();
    const [reason = ""] = event.error.message.split(".\n");
    refusal ??= new Error(`the WebGPU device refused an operation: ${reason}. Use smaller tensors or another engine, in a new process.`);
  };
  const { runWebGPUProgram, readSync, read } = backend;
  backend.runWebGPUProgram = (...args) => {
    const output = runWebGPUProgram.apply(backend, args);
    check();
    return output;
  };
  backend.readSync = (dataId) => {
    check();
    return readSync.call(backend, dataId);
  };
  backend.read = async (dataId) => {
    check();
    return read.call(backend, dataId);
  };
}
