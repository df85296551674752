// Our side of a comparison: measures what the specification given as JSON says and prints a measurement as JSON.
import { memoryUse, useEngine } from "@flexivit/engine";
import { ourModel, timed } from "../our-model.ts";
import type { Measurement, Spec, Step } from "../spec.ts";

const spec = JSON.parse(process.argv[2] ?? "") as Spec;
const engine = await useEngine({ threads: spec.threads });
const run = ourModel(spec);
for (const patchSize of spec.patchSizes) await run(patchSize);
const steps: Step[] = [];
for (let repeat = 0; repeat < spec.repeats; repeat++) for (const patchSize of spec.patchSizes) steps.push(await timed(run, patchSize));
const versions = { engine: `${engine.name} ${engine.version} (${engine.kernels} kernels)`, node: process.versions.node };
const measurement: Measurement = { steps, peakMemoryBytes: memoryUse().peakBytes, versions };
console.log(JSON.stringify(measurement));
