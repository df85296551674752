import { rm } from "node:fs/promises";
import { photoFolder } from "../photos.ts";
import type { Decoding } from "../programs/our-decode.ts";
import type { Cost, Pair } from "../programs/our-input.ts";
import { ours } from "../sides.ts";
import { study } from "../study.ts";
import { markdownTable, median, ms, overheadRow } from "../table.ts";

type Data = { decoding: Decoding[]; steps: { batch: number; pairs: Pair[] }[] };

export const inputPipeline = study<Data>({
  name: "input-pipeline",
  title: "Pictures from files",
  question:
    "Training steps of ViT-S/32 at 240 px (49 tokens, so that a picture costs little beside its decoding) on JPEG files of 500 x 375 and 40 to 110 kB, read, decoded, cut to a random part, resized and mirrored while the step before runs, over the same steps on batches that lie ready in memory. In alternation, each the mean of three steps. `waited`: how long a step waited for its batch; JavaScript turns pixels into numbers in that time, decoding goes on in other threads during the step. Goal: decoding never starves the step. What was tried is in decision [16](decisions/0016-input-pipeline.md).",
  async measure({ rounds, pairs, threads }) {
    const folder = await photoFolder(256);
    try {
      const data: Data = { decoding: [], steps: [] };
      for (let round = 0; round < rounds; round++) data.decoding.push(await ours<Decoding>("our-decode.ts", [folder]));
      for (const batch of [8, 32]) data.steps.push({ batch, pairs: await ours<Pair[]>("our-input.ts", [folder, ...[batch, pairs, threads].map(String)]) });
      return data;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  async present({ decoding, steps }) {
    return { markdown: [alone(decoding), table(steps)].join("\n\n") };
  },
});

function alone(decoding: readonly Decoding[]): string {
  const each = (cost: "milliseconds" | "processorMilliseconds"): number => median(decoding.map((of) => of[cost] / of.pictures));
  const kilobytes = median(decoding.map(({ meanBytes }) => meanBytes)) / 1000;
  const [clock, processor] = [each("milliseconds"), each("processorMilliseconds")];
  return `By itself, a picture (${kilobytes.toFixed(0)} kB on average) takes ${processor.toFixed(1)} ms of processor time, ${(1000 / processor).toFixed(0)} per second and core; ${(1000 / clock).toFixed(0)} per second by the clock.`;
}

function table(steps: Data["steps"]): string {
  const rows = steps.flatMap(({ batch, pairs }) => {
    const row = (name: string, cost: (of: Cost) => number) =>
      overheadRow(`batch ${batch}, ${name}`, pairs.map(({ files, memory }) => [cost(files), cost(memory)]));
    const waited = pairs.map(({ files }) => files.waitedMilliseconds);
    return [
      [...row("time", ({ milliseconds }) => milliseconds), `${ms(median(waited))}, at most ${ms(Math.max(...waited))}`],
      [...row("processor time", ({ processorMilliseconds }) => processorMilliseconds), ""],
    ];
  });
  return markdownTable(["", "pairs", "from files", "from memory", "overhead", "interval", "waited"], rows);
}
