import type { Value } from "./logger.ts";
import type { PlotSpec } from "./render-svg.ts";
import type { Section } from "./section.ts";

/** What a run may log beside numbers and texts. */
export type Media =
  /** Counts between edges; there is one edge more than there are counts. */
  | { readonly kind: "histogram"; readonly edges: readonly number[]; readonly counts: readonly number[] }
  | { readonly kind: "table"; readonly columns: readonly string[]; readonly rows: readonly (readonly Value[])[] }
  /** A figure as a Vega-Lite specification with its data inside. */
  | { readonly kind: "plot"; readonly spec: PlotSpec };

/** A medium as it was logged. */
export type LoggedMedia = { readonly name: string; readonly step: number; readonly media: Media };

/** Throws where a histogram's edges or a table's rows do not fit. */
export function checkMedia(media: Media): void {
  if (media.kind === "histogram" && media.edges.length !== media.counts.length + 1) {
    throw new Error(
      `media(histogram): expected ${media.counts.length + 1} edges for ${media.counts.length} counts, got ${media.edges.length}. Give the edges on both sides of every count.`,
    );
  }
  const uneven = media.kind === "table" ? media.rows.find((row) => row.length !== media.columns.length) : undefined;
  if (media.kind === "table" && uneven) {
    throw new Error(`media(table): expected rows of ${media.columns.length} cells, got ${uneven.length}. Give every row a cell per column.`);
  }
}

/** Returns a medium as a section of a report. */
export function mediaSection({ name, step, media }: LoggedMedia): Section {
  const title = `${name}, step ${step}`;
  if (media.kind === "table") return { ...media, title };
  return { kind: "plot", title, spec: media.kind === "plot" ? media.spec : histogramPlot(media) };
}

function histogramPlot({ edges, counts }: Extract<Media, { kind: "histogram" }>): PlotSpec {
  const values = counts.map((count, index) => ({ low: edges[index], high: edges[index + 1], count }));
  const x = { field: "low", type: "quantitative", bin: { binned: true }, title: null };
  const y = { field: "count", type: "quantitative", title: "count" };
  return { data: { values }, width: 600, height: 200, mark: "bar", encoding: { x, x2: { field: "high" }, y } } as PlotSpec;
}
