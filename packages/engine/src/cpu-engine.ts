import * as tf from "@tensorflow/tfjs-core";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { registerGradients } from "./gradients.ts";
import type { Started } from "./use-engine.ts";

/** Plain JavaScript: runs everywhere, for tests and tiny models. */
export async function startCpu(): Promise<Started> {
  registerGradients();
  await tf.setBackend("cpu");
  // Its first operation would print an advertisement for tfjs-node.
  (tf.backend() as tf.KernelBackend & { firstUse: boolean }).firstUse = false;
  return { backend: "cpu", device: "cpu", version: version_cpu, threads: 1, kernels: "composed" };
}
