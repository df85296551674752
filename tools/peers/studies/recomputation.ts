import { modelSizes, type Spec } from "../spec.ts";
import { type Compared, comparisonTable, markdownTable, ratio, summary } from "../table.ts";
import { comparison } from "./comparisons.ts";

const again = { recompute: true } as const;
const ways: Record<string, Partial<Spec>> = { "": {}, ", run again": again, ", run again, updated at once": { ...again, updates: "asTheyCome" } };

const settings: Record<string, Partial<Spec>> = { "S/16 batch 8": {}, "S/16 batch 32": { batch: 32 }, "B/16 batch 8": { model: modelSizes.B } };

export const recomputation = comparison(
  "recomputation",
  "Gradient checkpointing",
  "The training step when each block is run again in the backward pass (`recompute: true` of `vit`), against PyTorch with timm's `set_grad_checkpointing`, and both without. `updated at once`: each weight is updated as soon as its gradient is final (`updatesAsTheyCome` of `@flexivit/optim`), so that there is no tree of gradients; PyTorch's side updates after the pass there too. Goal: at most 0.5x PyTorch's memory for at most 1.35x the time. Weights, two moments and gradients take 0.35 GB for ViT-S and 1.39 GB for ViT-B, Node with TensorFlow 0.2 GB: of these, running again saves nothing.",
  Object.entries(settings).flatMap(([name, setting]) =>
    Object.entries(ways).map(([way, changes]) => ({ name: `${name}${way}`, changes: { mode: "train", ...setting, ...changes } as const })),
  ),
  (compared) => [comparisonTable(compared), overKeepingAll(compared)].join("\n\n"),
);

/** What each way costs and saves beside the step that keeps everything. */
function overKeepingAll(compared: readonly Compared[]): string {
  const kept = new Map(compared.filter(({ name }) => !name.includes(", ")).map(({ name, duel }) => [name, duel]));
  const rows = compared.flatMap(({ name, duel }) => {
    const base = kept.get(name.split(", ")[0]!)!;
    if (base === duel) return [];
    const [ours, before, theirs] = [summary(duel.flexivit), summary(base.flexivit), summary(base.pytorch)];
    return [[name, ratio(ours.milliseconds, before.milliseconds), ratio(ours.processorMilliseconds, before.processorMilliseconds), ratio(ours.peak, before.peak), ratio(ours.peak, theirs.peak)]];
  });
  return markdownTable(["over keeping all", "time", "processor time", "memory", "memory over PyTorch's that keeps all"], rows);
}
