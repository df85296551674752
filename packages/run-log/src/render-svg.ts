import { plotConfig } from "./plot-style.ts";
import type { TopLevelSpec } from "vega-lite";

/** A figure as a Vega-Lite specification with its data inside. */
export type PlotSpec = TopLevelSpec;

const inkOnWhite = "#1f2328";

/**
 * Returns a figure as SVG text in the style of the reports; the same specification gives the same text.
 *
 * `page: "white"` (default) paints a white background, so that the file reads well on any page;
 * `page: "inherit"` is transparent and takes the text colour of the page it stands in.
 * Throws where the specification is not valid, or asks for data from elsewhere.
 */
export async function renderSvg(spec: PlotSpec, { page = "white" }: { page?: "white" | "inherit" } = {}): Promise<string> {
  const { vega, vegaLite } = await loadVega();
  const background = page === "white" ? "#ffffff" : "transparent";
  const style = { ...plotConfig(page === "white" ? inkOnWhite : "currentColor"), background };
  const logger = vega.logger(vega.Error);
  const compiled = vegaLite.compile({ ...spec, config: { ...style, ...spec.config } }, { logger });
  const refused: string[] = [];
  const refuse = async (address: string) => {
    refused.push(address);
    return { href: "" };
  };
  // Vega logs a loader's exception and draws an empty plot, so addresses are collected instead.
  const loader = { ...vega.loader(), load: async (address: string) => JSON.stringify([await refuse(address)]), sanitize: refuse };
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", loader, logger });
  try {
    const svg = await view.toSVG();
    if (refused.length === 0) return svg;
  } finally {
    view.finalize();
  }
  throw new Error(
    `renderSvg(spec): expected data inside the specification, got the address ${refused[0]}. Put the values into data.values.`,
  );
}

type TextMetrics = { width: TextWidth; estimateWidth: TextWidth };
type TextWidth = (item: { fontSize?: number }, text: unknown) => number;

/** Loads Vega on first use: it takes half a second. */
async function loadVega(): Promise<{ vega: typeof import("vega"); vegaLite: typeof import("vega-lite") }> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  // Without a canvas to measure on, Vega reserves 0.8 em per letter, which leaves wide gaps; the widest of our
  // sans-serif fonts, DejaVu Sans in bold, takes 0.6 on average.
  if (textMetrics.width === textMetrics.estimateWidth) {
    textMetrics.width = (item, text) => 0.62 * (item.fontSize ?? 11) * String(text).length;
  }
  return { vega, vegaLite };
}
