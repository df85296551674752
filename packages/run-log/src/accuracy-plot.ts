import { palette, shapes } from "./plot-style.ts";
import type { PlotSpec } from "./render-svg.ts";

/** A model's accuracy at one patch size, or at one tick of another axis; `low` and `high` bound it over seeds. */
export type AccuracyPoint = {
  /** For example 12, or "12x10" (height x width), or a tick. */
  readonly patchSize: number | string;
  /** As a fraction, 0 to 1. */
  readonly accuracy: number;
  readonly low?: number;
  readonly high?: number;
};

/** A model in the figure. */
export type AccuracyLine = {
  readonly name: string;
  readonly points: readonly AccuracyPoint[];
  /** The one patch size that a fixed model was trained at; absent for a flexible one, which is drawn bold. */
  readonly trainedAt?: number | string;
  /** Drawn bold; flexible models are unless it says otherwise. */
  readonly bold?: boolean;
};

/** What `accuracyPlot` takes. */
export type AccuracyPlotOptions = {
  readonly lines: readonly AccuracyLine[];
  readonly title?: string;
  readonly subtitle?: string;
  /** Another axis than patch sizes: its title and its ticks in order. */
  readonly axis?: { readonly title: string; readonly ticks: readonly string[] };
  /** What is drawn in percent, in place of the accuracy. */
  readonly yTitle?: string;
};

const heightPx = 340;

/**
 * Returns the specification of the figure "accuracy against patch size".
 *
 * Patch sizes run from coarse to fine, so that computation grows to the right. Flexible models are bold, fixed ones
 * thin with a ring at the size that they were trained at. Each line carries its name at its end.
 */
export function accuracyPlot({ lines, title, subtitle, axis, yTitle = "accuracy (%)" }: AccuracyPlotOptions): PlotSpec {
  const sizes = axis?.ticks.map(sizeLabel) ?? coarseToFine(lines);
  const range = percentRange(lines);
  const names = lines.map(({ name }) => name);
  const encoding = {
    x: {
      field: "size",
      type: "ordinal",
      sort: sizes,
      title: axis?.title ?? "patch size at evaluation (pixels), coarse to fine",
      axis: { labelAngle: 0 },
      scale: { padding: 0.25 },
    },
    y: {
      field: "accuracy",
      type: "quantitative",
      title: yTitle,
      axis: { tickCount: 6 },
      scale: { domain: range, nice: false },
    },
    color: { field: "model", type: "nominal", legend: null, scale: { domain: names, range: palette } },
  };
  const shape = { ...encoding.color, scale: { domain: names, range: shapes } };
  return {
    description: title ?? `${yTitle} against patch size`,
    width: 560,
    height: heightPx,
    ...(title && { title: { text: title, ...(subtitle && { subtitle }) } }),
    data: { values: lines.flatMap(drawnPoints) },
    encoding,
    layer: [...lineLayers(shape), ...nameLayers(endLabels(lines, sizes, range), shape)],
  } as PlotSpec;
}

function lineLayers(shape: object): object[] {
  const whereBold = (yes: number, no: number) => ({ condition: { test: "datum.bold", value: yes }, value: no });
  const lineWidth = { expr: "datum.bold ? 4 : 1.75" };
  const ring = { type: "point", shape: "circle", filled: false, size: 260, strokeWidth: 2, opacity: 1 };
  return [
    {
      transform: [{ filter: "isValid(datum.low)" }],
      mark: { type: "area", opacity: 0.18 },
      encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } },
    },
    { mark: { type: "line", strokeWidth: lineWidth } },
    { mark: { type: "point", filled: true, opacity: 1 }, encoding: { shape, size: whereBold(90, 50) } },
    { transform: [{ filter: "datum.own" }], mark: ring },
  ];
}

function nameLayers(values: object[], shape: object): object[] {
  const text = { type: "text", align: "left", baseline: "middle", dx: 24, fontWeight: { expr: "datum.bold ? 700 : 400" } };
  return [
    { data: { values }, mark: { type: "point", filled: true, opacity: 1, size: 50, xOffset: 16 }, encoding: { shape } },
    { data: { values }, mark: text, encoding: { text: { field: "model" }, color: null } },
  ];
}

function drawnPoints({ name, points, trainedAt, bold = trainedAt === undefined }: AccuracyLine): object[] {
  return points.map(({ patchSize, accuracy, low, high }) => ({
    model: name,
    bold,
    own: trainedAt !== undefined && String(trainedAt) === String(patchSize),
    size: sizeLabel(patchSize),
    accuracy: 100 * accuracy,
    ...(low !== undefined && high !== undefined && { low: 100 * low, high: 100 * high }),
  }));
}

/** Where each name stands: at the height of its line's end, pushed up or down where names would overlap. */
function endLabels(lines: readonly AccuracyLine[], sizes: readonly string[], [lowest, highest]: Range): object[] {
  const rank = ({ patchSize }: AccuracyPoint) => sizes.indexOf(sizeLabel(patchSize));
  const ends = lines.flatMap(({ name, points, trainedAt, bold = trainedAt === undefined }) => {
    const finest = points.toSorted((a, b) => rank(a) - rank(b)).at(-1);
    if (!Number.isFinite(finest?.accuracy)) return [];
    return [{ model: name, bold, size: sizes.at(-1), accuracy: 100 * finest!.accuracy }];
  });
  const percentPerPx = (highest - lowest) / heightPx;
  return spreadApart(ends, 20 * percentPerPx, highest);
}

function spreadApart<Label extends { accuracy: number }>(labels: readonly Label[], gap: number, highest: number): Label[] {
  const upwards = labels.toSorted((a, b) => a.accuracy - b.accuracy).map((label) => ({ ...label }));
  for (let i = 1; i < upwards.length; i++) {
    upwards[i].accuracy = Math.max(upwards[i].accuracy, upwards[i - 1].accuracy + gap);
  }
  let ceiling = highest;
  for (const label of upwards.toReversed()) {
    label.accuracy = Math.min(label.accuracy, ceiling);
    ceiling = label.accuracy - gap;
  }
  return upwards;
}

/** The lowest and the highest accuracy on the y axis, in percent. */
type Range = readonly [number, number];

/** All values, out to the next tick. */
function percentRange(lines: readonly AccuracyLine[]): Range {
  const points = lines.flatMap((line) => line.points);
  const all = points.flatMap(({ accuracy, low = accuracy, high = accuracy }) => [accuracy, low, high]);
  const percents = all.filter(Number.isFinite).map((value) => 100 * value);
  const lowest = Math.min(100, ...percents);
  const highest = Math.max(0, ...percents);
  const tick = [5, 10, 20].find((tick) => highest - lowest <= 4 * tick) ?? 20;
  return [Math.max(0, tick * Math.floor((lowest - 0.01) / tick)), Math.min(100, tick * Math.ceil((highest + 0.01) / tick))];
}

function coarseToFine(lines: readonly AccuracyLine[]): string[] {
  const labels = new Set(lines.flatMap(({ points }) => points.map(({ patchSize }) => sizeLabel(patchSize))));
  return [...labels].sort((a, b) => area(b) - area(a));
}

/** "12x10" as 12×10; "12x12/6x6" (size/stride) likewise. */
function sizeLabel(patchSize: number | string): string {
  return String(patchSize).replaceAll("x", "×");
}

/** Pixels between neighbouring patches, by the stride where there is one. */
function area(size: string): number {
  const [height, width = height] = size.split("/").at(-1)!.split("×").map(Number);
  return height * width;
}
