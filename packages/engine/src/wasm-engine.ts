import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { registerGradients } from "./gradients.ts";
import type { Started } from "./use-engine.ts";
import { registerFastMatMul } from "./wasm-matmul.ts";

const require = createRequire(import.meta.url);

/** WebAssembly with SIMD, its files read from the installed package. One thread: tfjs starts no others in Node. */
export async function startWasm(): Promise<Started> {
  setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  registerGradients();
  if (!(await tf.setBackend("wasm"))) throw new Error("the WebAssembly module did not start. Use the cpu engine.");
  registerFastMatMul();
  return { backend: "wasm", device: "cpu", version: version_wasm, threads: 1, kernels: "composed" };
}
