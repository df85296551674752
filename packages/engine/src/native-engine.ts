import * as tf from "@tensorflow/tfjs-core";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import type { TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";
import { writeEarly } from "./early-write.ts";
import { registerGradients } from "./gradients.ts";
import { installedNative } from "./installed-native.ts";
import { registerFusedKernels } from "./kernels.ts";
import { kernelAddons } from "./native-folders.ts";
import { defaultThreads } from "./processor.ts";
import { requireFromTfjsNode } from "./tfjs-node.ts";
import type { Started } from "./use-engine.ts";

const require = createRequire(import.meta.url);
const backendName = "tensorflow";

/** Starts the native engine that is installed. */
export async function startBestNative(threads?: number): Promise<Started> {
  const folders = installedNative();
  const started = await startNative(folders, threads);
  const unbuilt = !folders.kernels && kernelAddons().length > 0;
  return unbuilt ? { ...started, note: "its fused kernels are not built: npx flexivit engine install" } : started;
}

/**
 * Loads the addon from `folders` and registers it as the tfjs backend `tensorflow`, with the fused
 * kernels if there are any; where those can't be loaded, `note` says why and the engine works without.
 *
 * tfjs-node-gpu's own entry would look for the addon in node_modules; the backend class and the kernels
 * that it consists of take ours just as well.
 */
export async function startNative(
  folders: { binding: string; kernels?: string },
  threads: number = threadsFromEnvironment() ?? defaultThreads(),
): Promise<Started> {
  const binding = loadBinding(folders.binding, threads);
  processSetup(folders.binding).releaseStartPages(); // before anything else adds to the peak
  restoreRemovedFunctions();
  registerGradients();
  requireFromTfjsNode("./dist/register_all_kernels.js");
  const { NodeJSKernelBackend: Backend } = requireFromTfjsNode("./dist/nodejs_kernel_backend.js") as {
    NodeJSKernelBackend: typeof NodeJSKernelBackend;
  };
  tf.registerBackend(backendName, () => writeEarly(new Backend(binding, "@tensorflow/tfjs-node-gpu")), 3);
  await tf.setBackend(backendName);
  const device = binding.isUsingGpuDevice() ? "cuda" : "cpu";
  const kernels = await loadKernels(folders.kernels);
  return { backend: backendName, device, version: binding.TF_Version, threads, ...kernels };
}

async function loadKernels(folder: string | undefined): Promise<Pick<Started, "kernels" | "note">> {
  if (!folder) return { kernels: "composed" };
  try {
    return { kernels: (await registerFusedKernels(folder, backendName)) ? "fused" : "composed" };
  } catch (error) {
    return { kernels: "composed", note: `its fused kernels were left out: ${(error as Error).message}` };
  }
}

/** TensorFlow reads these variables while it loads; what the user has set stays, but for the threads. */
function loadBinding(folder: string, threads: number): TFJSBinding {
  process.env["TF_NUM_INTRAOP_THREADS"] = String(threads);
  // 2 to 8 % less processor time (docs/decisions/0009). TensorFlow turns it on by itself only on newer processors.
  if (process.arch === "x64") process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
  // Else a pool of oneDNN's stands between the tensors and our cache of blocks, and takes more than they need.
  process.env["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] ??= "1";
  // By default TensorFlow takes the whole memory of a graphics card at its start.
  process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
  const logLevel = (process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2");
  if (logLevel !== "0") processSetup(folder).loadQuietly();
  return require(join(folder, "tfjs_binding.node")) as TFJSBinding;
}

function processSetup(folder: string): { loadQuietly(): void; releaseStartPages(): void } {
  return require(join(folder, "process_setup.node"));
}

function threadsFromEnvironment(): number | undefined {
  return Number(process.env["TF_NUM_INTRAOP_THREADS"]) || undefined;
}

/** tfjs-node calls two functions that Node 23 removed or, before that, answers with a deprecation warning. */
function restoreRemovedFunctions(): void {
  const util = require("node:util") as { isNullOrUndefined: unknown; isArray: unknown };
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}
