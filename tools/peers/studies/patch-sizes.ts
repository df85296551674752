import { paperPatchSizesAt240Px } from "@flexivit/patch-schemes";
import type { Pair } from "../programs/our-size-changes.ts";
import { ours, pytorch } from "../sides.ts";
import type { Step } from "../spec.ts";
import { study } from "../study.ts";
import { markdownTable, median, ms, overheadRow, ratio } from "../table.ts";

type Times = { flexivit: number[]; timm: number[] };

export const resizeMatrices = study<Times>({
  name: "resize-matrices",
  title: "PI-resize matrices from scratch",
  question:
    "A stored kernel of 32 x 32, resized once to each of the paper's ten sizes in a fresh process; ours is two small pseudo-inverses per size, timm's one of (size^2) x 1024. Ours includes the first products of the engine. Goal: under 50 ms.",
  async measure({ rounds }) {
    const times: Times = { flexivit: [], timm: [] };
    const sizes = JSON.stringify(paperPatchSizesAt240Px);
    for (let round = 0; round < rounds; round++) {
      times.flexivit.push((await ours<{ milliseconds: number }>("our-matrices.ts", [sizes])).milliseconds);
      times.timm.push((await pytorch<{ milliseconds: number }>("pytorch-matrices.py", [sizes])).milliseconds);
    }
    return times;
  },
  async present({ flexivit, timm }) {
    const [a, b] = [median(flexivit), median(timm)];
    return { markdown: markdownTable(["flexivit", "timm", "speed"], [[ms(a), ms(b), ratio(b, a)]]) };
  },
});

export const sizeChanges = study<Pair[]>({
  name: "size-changes",
  title: "Changing the patch size",
  question:
    "Training steps of ViT-S at patch size 16, batch 8: of a flexible model that had another size in the step before (kernel and positions resized), over those of a model whose kernel has that size and never changes. Pairs in alternation; the median of their ratios and the interval that holds it in 95 of 100 cases. Goal: within 2 %.",
  measure: ({ pairs, threads }) => ours<Pair[]>("our-size-changes.ts", [String(pairs), String(threads)]),
  async present(pairs) {
    const row = (name: string, cost: (step: Step) => number) => overheadRow(name, pairs.map(({ changing, fixed }) => [cost(changing), cost(fixed)]));
    const rows = [row("time", ({ milliseconds }) => milliseconds), row("processor time", ({ processorMilliseconds }) => processorMilliseconds)];
    return { markdown: markdownTable(["", "pairs", "changing", "fixed", "overhead", "interval"], rows) };
  },
});
