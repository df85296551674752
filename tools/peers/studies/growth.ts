import { schemeCost, paperPatchSizesAt240Px, parseScheme } from "@flexivit/patch-schemes";
import { type Line, linePlot, renderSvg } from "@flexivit/run-log";
import { ours } from "../sides.ts";
import { type Measurement, modelSizes, type Spec, specOf } from "../spec.ts";
import { study } from "../study.ts";
import { gigabytes, markdownTable, ms, summary } from "../table.ts";

type Along = "tokens" | "batch" | "model";
type Run = { along: Along; name: string; spec: Spec; measurement: Measurement };
type Data = { peak: number; runs: Run[] };

/** A size of one kind after the other, the rest as in ViT-S/16, batch 8. */
function settings(): { along: Along; name: string; changes: Partial<Spec> }[] {
  const tokens = paperPatchSizesAt240Px.map((size) => ({ along: "tokens" as const, name: `S/${size}`, changes: { patchSizes: [size] } }));
  const batches = [1, 2, 4, 8, 16, 32].map((batch) => ({ along: "batch" as const, name: `batch ${batch}`, changes: { batch } }));
  const models = Object.entries(modelSizes).map(([name, model]) => ({ along: "model" as const, name: `${name}/16`, changes: { model } }));
  return [...tokens, ...batches, ...models];
}

export const growth = study<Data>({
  name: "growth",
  title: "Growth with tokens, batch and model",
  question:
    "Time and memory of a training step as one size grows, the rest as in ViT-S/16 at 240 px, batch 8. `model`: three times the multiply-adds of the forward pass (`schemeCost`), two operations each. `peak share`: operations per second over those of one product of matrices, [1800, 384] x [384, 1536], on the same threads.",
  async measure({ repeats, threads }) {
    const { gigaflopsPerSecond: peak } = await ours<{ gigaflopsPerSecond: number }>("our-peak.ts", [String(threads)]);
    const runs: Run[] = [];
    for (const { along, name, changes } of settings()) {
      const spec = specOf({ mode: "train", repeats, threads, ...changes });
      runs.push({ along, name, spec, measurement: await ours<Measurement>("our-vit.ts", [JSON.stringify(spec)]) });
    }
    return { peak, runs };
  },
  async present({ peak, runs }) {
    const rows = runs.map((run) => {
      const { x, gigaflops, milliseconds, bytes } = figuresOf(run);
      const share = (gigaflops / (milliseconds / 1000) / peak) * 100;
      return [run.name, String(x), `${gigaflops.toFixed(0)} GFLOP`, ms(milliseconds), `${share.toFixed(0)} %`, gigabytes(bytes)];
    });
    const table = markdownTable(["", "tokens x batch", "model", "step", "peak share", "peak memory"], rows);
    const figures = [
      "![Seconds of a training step against tokens per step](performance/growth-time.svg)",
      "![Peak memory of a training step against tokens per step](performance/growth-memory.svg)",
    ];
    const note = `One product of matrices: ${peak.toFixed(0)} GFLOP/s. In the first plot, the model's lines are its operations at that rate.`;
    return {
      markdown: [note, ...figures, table].join("\n\n"),
      plots: {
        "growth-time.svg": await plot("seconds", [...lines(runs, "", ({ milliseconds }) => milliseconds / 1000), ...lines(runs, ", model", ({ gigaflops }) => gigaflops / peak)]),
        "growth-memory.svg": await plot("peak memory (GB)", lines(runs, "", ({ bytes }) => bytes / 1e9)),
      },
    };
  },
});

type Figures = { x: number; gigaflops: number; milliseconds: number; bytes: number };

function figuresOf({ spec, measurement }: Run): Figures {
  const [patchSize] = spec.patchSizes as [number];
  const size = { ...spec.model, hiddenDim: 4 * spec.model.dim, channels: spec.channels, classes: spec.classes };
  const { patches, multiplyAdds } = schemeCost(parseScheme(String(patchSize)), spec.imageSizePx, size);
  const { milliseconds, peak: bytes } = summary([measurement]);
  return { x: patches * spec.batch, gigaflops: (3 * 2 * multiplyAdds * spec.batch) / 1e9, milliseconds, bytes };
}

/** One line per way to more tokens: by smaller patches, whose attention grows with their square, or by more pictures. */
function lines(runs: readonly Run[], suffix: string, y: (figures: Figures) => number): Line[] {
  const ways = [["tokens", "smaller patches"], ["batch", "more pictures"]] as const;
  return ways.map(([along, name]) => {
    const found = runs.filter((run) => run.along === along).map(figuresOf).toSorted((a, b) => a.x - b.x);
    return { name: name + suffix, points: found.map((figures) => ({ x: figures.x, y: y(figures) })) };
  });
}

function plot(yTitle: string, lines: readonly Line[]): Promise<string> {
  return renderSvg(linePlot({ lines, xTitle: "tokens per step", yTitle, legendTitle: "grown by" }));
}
