// Logs two short runs, reads them back and writes a report that lays them over each other.
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accuracyPlot, openRun, progressLine, readRun, textTable, trainingPlots, writeReport } from "@flexivit/run-log";

const folder = mkdtempSync(join(tmpdir(), "run-log-"));
const patchSizes = [28, 14, 7, 4];
const totalSteps = 400;

for (const [name, learningRate] of [["slow", 0.001], ["fast", 0.004]] as const) {
  const run = await openRun({ folder: join(folder, name), name, group: "example", config: { learningRate, totalSteps, patchSizes } });
  const progress = progressLine({ total: totalSteps, label: name });
  for (let step = 1; step <= totalSteps; step++) {
    const wave = Math.sin(step * 12.9898) * Math.cos(step * 4.1414);
    const loss = 0.3 + 2 * Math.exp(-step * learningRate * 4) + 0.12 * wave;
    const patchSize = patchSizes[step % patchSizes.length];
    run.log({ loss, learningRate: learningRate * Math.cos((Math.PI * step) / (2 * totalSteps)), imagesPerSecond: 300 + 40 * wave, patchSize: String(patchSize) }, step);
    progress.update({ step, loss, patchSize });
    if (step % 50 === 0) run.log(Object.fromEntries(patchSizes.map((size) => [`accuracy/${size}`, accuracy(step, learningRate, size)])), step);
  }
  progress.finish();
  run.summary(Object.fromEntries(patchSizes.map((size) => [`accuracy/${size}`, accuracy(totalSteps, learningRate, size)])));
  await run.finish("finished");
}

const runs = await Promise.all(["slow", "fast"].map((name) => readRun(join(folder, name))));
const columns = ["run", ...patchSizes.map((size) => ({ title: `patch ${size}`, digits: 1 }))];
const rows = runs.map((run) => [run.name, ...patchSizes.map((size) => 100 * run.series(`accuracy/${size}`).at(-1)!.value)]);
console.log(`Accuracy in percent\n${textTable(columns, rows)}`);

const lines = runs.map((run) => ({
  name: run.name,
  points: patchSizes.map((patchSize) => ({ patchSize, accuracy: run.series(`accuracy/${patchSize}`).at(-1)!.value })),
}));
const report = join(folder, "report.html");
await writeReport(report, {
  title: "Two learning rates",
  sections: [{ kind: "plot", title: "Accuracy against patch size", spec: accuracyPlot({ lines }) }, { kind: "table", title: "Accuracy in percent", columns, rows }],
  runs,
});
console.log(`${trainingPlots(runs).length} standard plots, report of ${Math.round(statSync(report).size / 1024)} KiB: ${report}`);

function accuracy(step: number, learningRate: number, size: number): number {
  return 0.95 - 0.005 * size - 0.5 * Math.exp(-step * learningRate * 3);
}
