/** A run that lost its newest state goes on from the one before, and says so. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadTrainingState, saveTrainingState } from "@flexivit/checkpoint/training-state";
import { useEngine } from "@flexivit/engine";

await useEngine();
const folder = await mkdtemp(join(tmpdir(), "run-"));
const params = { kernel: tf.fill([2, 3], 0.5) };

let newest = "";
for (const [step, score] of [[100, 0.71], [200, 0.78], [300, 0.77], [400, 0.76]]) {
  newest = await saveTrainingState(folder, { step, score, trees: { params }, metadata: { seed: 7 } });
}
const bytes = await readFile(newest);
bytes[bytes.length - 1] ^= 1;
await writeFile(newest, bytes);

const state = await loadTrainingState(folder);
console.log(`goes on from ${basename(state.path)}, seed ${String(state.metadata["seed"])}`);
for (const { reason } of state.refused) console.log(reason.replaceAll(folder, "..."));
