// Logs a run with a histogram and a table for Weights & Biases. As it stands it needs neither key nor network: it writes the
// official `.wandb` file, which `wandb sync` uploads. Without `mode: "offline"` the rows also go to the server as they come.
import { globSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun } from "@flexivit/run-log";

const folder = join(mkdtempSync(join(tmpdir(), "run-log-wandb-")), "run");
const run = await openRun({
  folder,
  name: "first, seed 0",
  group: "learning-rates",
  tags: ["example"],
  config: { learningRate: 0.004, steps: 25_000 },
  wandb: { project: "run-log", mode: "offline", say: console.log },
});

let slowestMs = 0;
for (let step = 1; step <= 25_000; step++) {
  const startMs = performance.now();
  run.log({ loss: 2 / Math.sqrt(step), overflow: step % 1000 === 0 ? Number.POSITIVE_INFINITY : 0 }, step);
  slowestMs = Math.max(slowestMs, performance.now() - startMs);
}
run.media("weights", { kind: "histogram", edges: [-1, -0.5, 0, 0.5, 1], counts: [3, 40, 38, 5] }, 25_000);
run.media("confusions", { kind: "table", columns: ["truth", "guess", "count"], rows: [["cat", "dog", 7], ["dog", "cat", 4]] }, 25_000);
run.summary({ best: 0.012 });
await run.finish("finished");

const [file = ""] = globSync(join(folder, "wandb", "*", "*.wandb"));
console.log(`${file}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB; the slowest of 25,000 log() took ${slowestMs.toFixed(1)} ms`);
