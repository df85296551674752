// Part of setup.mjs: builds the native engine unless the per-user cache has it, and says what came of it.
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeEngines, installNative } from "@flexivit/engine";
import { root } from "./workspace.ts";

/** Written after an attempt that failed slowly (no network, say), so that the next start does not wait for it again. */
const failedFile = join(root, "node_modules", ".flexivit-engine-failed");
const hourMs = 3_600_000;
const slowMs = 10_000;

const wish = process.env["FLEXIVIT_ENGINE"] || "native";
const native = (await describeEngines()).find(({ name }) => name === "native");
const complete = native?.available === true && (native.remedy === undefined || native.remedy.includes("--gpu"));
if (wish === "native" && !complete) await install();

async function install(): Promise<void> {
  const failedAt = statSync(failedFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - failedAt < hourMs) return say(`${serving()} (a build failed within the last hour). Try again: npx flexivit engine install`);
  const begun = performance.now();
  const result = await installNative({ onProgress: (message) => say(`${message} ...`) });
  const tookMs = performance.now() - begun;
  const complete = result.installed && result.warnings.length === 0;
  if (complete) rmSync(failedFile, { force: true });
  else if (tookMs > slowMs) writeFileSync(failedFile, "");
  if (!result.installed) return say(`${result.reason}; ${serving()}. ${result.remedy}`);
  say(`native TensorFlow ${result.version} ready, ${result.kernels} kernels, in ${(tookMs / 1000).toFixed(1)} s`);
  for (const warning of result.warnings) say(warning);
}

function serving(): string {
  return native?.available ? "the native engine serves as it is" : "WebAssembly serves instead of the native engine";
}

function say(line: string): void {
  console.log(`engine   ${line}`);
}
