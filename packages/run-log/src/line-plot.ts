import { colorScale } from "./plot-style.ts";
import type { PlotSpec } from "./render-svg.ts";
import { inStretches, smooth } from "./smoothing.ts";

/** A named line through points in order of x; lines of different panels are drawn side by side. */
export type Line = {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly panel?: string;
};

/** What `linePlot` takes. */
export type LinePlotOptions = {
  readonly lines: readonly Line[];
  readonly xTitle: string;
  /** With its unit, for example "accuracy (%)". */
  readonly yTitle: string;
  /** What the lines are, for example "patch size". */
  readonly legendTitle?: string;
  /** Draw the values faintly and a smoothed line over them. */
  readonly smoothed?: boolean;
};

const mostStretches = 300;

/** Returns the specification of a plot of lines over a common x axis; values that are not finite leave a gap. */
export function linePlot({ lines, xTitle, yTitle, smoothed, legendTitle }: LinePlotOptions): PlotSpec {
  const panels = [...new Set(lines.map(({ panel }) => panel))].filter((panel) => panel !== undefined);
  const values = lines.flatMap((line) => drawnPoints(line, smoothed ?? false));
  const isSparse = lines.every(({ points }) => points.length <= 30);
  const axis = { tickCount: panels.length > 0 ? 3 : 6, format: "~s" };
  const x = { field: "x", type: "quantitative", title: xTitle, scale: { nice: false }, axis };
  const y = { field: "y", type: "quantitative", title: yTitle, scale: { zero: false }, axis: { tickCount: 5 } };
  const color = lineColor(lines, legendTitle);
  const only = (kind: string) => ({ transform: [{ filter: { field: "kind", equal: kind } }] });
  const range = { type: "area", opacity: lines.length === 1 ? 0.2 : 0.12 };
  const layer = [
    { ...only("range"), mark: range, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } },
    { ...only("raw"), mark: { type: "line", strokeWidth: 1, opacity: 0.35 }, encoding: { x, y, color } },
    { ...only("line"), mark: { type: "line", point: isSparse && { size: 36 } }, encoding: { x, y, color } },
  ];
  if (panels.length === 0) return { data: { values }, width: 600, height: 260, layer } as PlotSpec;
  const facet = { field: "panel", type: "ordinal", sort: panels, title: null };
  return { data: { values }, facet, columns: 3, spec: { width: 180, height: 140, layer } } as PlotSpec;
}

function lineColor(lines: readonly Line[], legendTitle: string | undefined): object {
  const domain = [...new Set(lines.map(({ name }) => name))];
  const legend = domain.length > 1 || legendTitle !== undefined ? { title: legendTitle ?? null } : null;
  return { field: "line", type: "ordinal", sort: null, scale: colorScale(domain), legend };
}

/** What is drawn of a line: behind a smoothed one its raw values; of a long one, in stretches, the range of the values. */
function drawnPoints({ name, points, panel }: Line, smoothed: boolean): object[] {
  const whole = { line: name, panel };
  const finite = (y: number) => (Number.isFinite(y) ? y : null);
  const drawn = (kind: string, shown: Line["points"]) =>
    inStretches(shown, mostStretches).map(({ x, y, low, high }) => ({
      ...whole,
      kind,
      x,
      ...(kind === "range" ? { low: finite(low), high: finite(high) } : { y: finite(y) }),
    }));
  const isLong = points.length > mostStretches;
  const behind = isLong ? drawn("range", points) : smoothed ? drawn("raw", points) : [];
  return [...behind, ...drawn("line", smoothed ? smooth(points) : points)];
}
