/**
 * Compares everything with the references on every engine here and writes docs/parity.md: `npm run parity`. With
 * `--check` it only compares; with the name of an engine it prints that engine's comparisons.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeEngines, useEngine, type EngineName } from "@flexivit/engine";
import { runTypeScript } from "../run-program.ts";
import { root } from "../workspace.ts";
import type { Comparison } from "./comparison.ts";
import { gradientComparisons } from "./gradients.ts";
import { distillationComparisons, lossComparisons, mixupComparisons } from "./losses.ts";
import { modelComparisons } from "./models.ts";
import { failures, parityPage, type EngineComparisons } from "./page.ts";
import { patchKernelComparisons } from "./patch-kernels.ts";
import { pixelComparisons } from "./pixels.ts";
import { positionComparisons } from "./positions.ts";
import { optimizerComparisons, scheduleComparisons } from "./training.ts";

const timeoutMs = 600_000;
const [asked] = process.argv.slice(2);
if (asked === undefined || asked === "--check") await compareAll(asked === undefined);
else await printComparisons(asked as EngineName);

/** In a process of its own: a process has one engine. */
async function printComparisons(engine: EngineName): Promise<void> {
  const { version } = await useEngine({ prefer: engine });
  const comparisons: Comparison[] = [];
  for (const compare of [
    patchKernelComparisons,
    positionComparisons,
    modelComparisons,
    gradientComparisons,
    lossComparisons,
    distillationComparisons,
    mixupComparisons,
    optimizerComparisons,
    scheduleComparisons,
    pixelComparisons,
  ]) {
    comparisons.push(...(await compare()));
  }
  console.log(JSON.stringify({ engine, version, comparisons } satisfies EngineComparisons));
}

async function compareAll(write: boolean): Promise<void> {
  const here = (await describeEngines()).filter(({ name, available }) => available && (name === "native" || name === "wasm"));
  const engines: EngineComparisons[] = [];
  for (const { name } of here) {
    const { code, stdout, output } = await runTypeScript([fileURLToPath(import.meta.url), name], { timeoutMs });
    if (code !== 0) throw new Error(output);
    engines.push(JSON.parse(stdout) as EngineComparisons);
  }
  const file = join(root, "docs", "parity.md");
  if (write) writeFileSync(file, parityPage(engines));
  const off = failures(engines);
  console.log([...off, `${engines[0].comparisons.length} comparisons on ${engines.length} engines, ${off.length} off${write ? `; written to ${file}` : ""}`].join("\n"));
  if (off.length > 0) process.exitCode = 1;
}
