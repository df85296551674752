import { palette, shapes } from "./plot-style.ts";
import type { PlotSpec } from "./render-svg.ts";

/** A model's accuracy at one patch size, or at one tick of another axis; `low` and `high` bound it over seeds. */
export type AccuracyPoint = {
  /** For example 12, or "12x10" (height x width), or a tick. */
  readonly patchSize: number | string;
  /** As a fraction, 0 to 1; in its own unit where the plot is `plain`. */
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
  /** What is drawn, with its unit, in place of the accuracy. */
  readonly yTitle?: string;
  /** Draw values in a unit of their own, such as metres, as they are; otherwise they are shares, drawn in percent. */
  readonly plain?: boolean;
};

const heightPx = 340;

/**
 * Returns the specification of the figure "accuracy against patch size".
 *
 * Patch sizes run from coarse to fine, so that computation grows to the right. Flexible models are bold, fixed ones
 * thin with a ring at the size that they were trained at. Each line carries its name at its end.
 */
export function accuracyPlot({ lines, title, subtitle, axis, yTitle = "accuracy (%)", plain = false }: AccuracyPlotOptions): PlotSpec {
  const drawn = plain ? lines : lines.map(inPercent);
  const sizes = axis?.ticks.map(sizeLabel) ?? coarseToFine(lines);
  const range = plain ? plainRange(drawn) : percentRange(drawn);
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
    data: { values: drawn.flatMap(drawnPoints) },
    encoding,
    layer: [...lineLayers(shape), ...nameLayers(endLabels(drawn, sizes, range), shape)],
  } as PlotSpec;
}

/** The same line with shares as percents. */
function inPercent(line: AccuracyLine): AccuracyLine {
  const points = line.points.map(({ patchSize, accuracy, low, high }) => ({
    patchSize,
    accuracy: 100 * accuracy,
    ...(low !== undefined && high !== undefined && { low: 100 * low, high: 100 * high }),
  }));
  return { ...line, points };
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
    accuracy,
    ...(low !== undefined && high !== undefined && { low, high }),
  }));
}

/** Where each name stands: at the height of its line's end, pushed up or down where names would overlap. */
function endLabels(lines: readonly AccuracyLine[], sizes: readonly string[], [lowest, highest]: Range): object[] {
  const rank = ({ patchSize }: AccuracyPoint) => sizes.indexOf(sizeLabel(patchSize));
  const ends = lines.flatMap(({ name, points, trainedAt, bold = trainedAt === undefined }) => {
    const finest = points.toSorted((a, b) => rank(a) - rank(b)).at(-1);
    if (!Number.isFinite(finest?.accuracy)) return [];
    return [{ model: name, bold, size: sizes.at(-1), accuracy: finest!.accuracy }];
  });
  const perPx = (highest - lowest) / heightPx;
  return spreadApart(ends, 20 * perPx, highest);
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

/** The lowest and the highest value on the y axis. */
type Range = readonly [number, number];

/** All percents, out to the next tick. */
function percentRange(lines: readonly AccuracyLine[]): Range {
  const percents = valuesOf(lines);
  const lowest = Math.min(100, ...percents);
  const highest = Math.max(0, ...percents);
  const tick = [5, 10, 20].find((tick) => highest - lowest <= 4 * tick) ?? 20;
  return [Math.max(0, tick * Math.floor((lowest - 0.01) / tick)), Math.min(100, tick * Math.ceil((highest + 0.01) / tick))];
}

/** All values, none below 0, out to the next tick of 1, 2 or 5 times a power of ten. */
function plainRange(lines: readonly AccuracyLine[]): Range {
  const values = valuesOf(lines);
  if (values.length === 0) return [0, 1];
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const least = Math.max(highest - lowest, highest / 20) / 4 || 0.25;
  const power = 10 ** Math.floor(Math.log10(least));
  const tick = power * [1, 2, 5, 10].find((step) => step * power >= least)!;
  return [Math.max(0, tick * Math.floor(lowest / tick)), tick * Math.ceil(highest / tick + 0.01)];
}

function valuesOf(lines: readonly AccuracyLine[]): number[] {
  const points = lines.flatMap((line) => line.points);
  return points.flatMap(({ accuracy, low = accuracy, high = accuracy }) => [accuracy, low, high]).filter(Number.isFinite);
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
