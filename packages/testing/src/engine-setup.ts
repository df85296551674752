/** Vitest set-up file: before the tests of a file, starts the engine that FLEXIVIT_ENGINE names. */
import { describeEngines, useEngine } from "@flexivit/engine";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach } from "vitest";

const wished = process.env["FLEXIVIT_ENGINE"];
const missing = (await describeEngines()).find(({ name, available }) => name === wished && !available);
if (missing) {
  beforeEach((context) => context.skip(`no ${missing.name} engine: ${missing.detail}. Run: ${missing.remedy}`));
  process.env["FLEXIVIT_ENGINE"] = "wasm";
}
const { name } = await useEngine();
// Else small tensors would be computed on the processor, and tests have no others.
if (name === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
if (missing) process.env["FLEXIVIT_ENGINE"] = wished;
