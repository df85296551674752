import type { Config } from "vega-lite";

/**
 * Colours of up to six lines: at least 3:1 against white and against the dark page, and apart from each other
 * for the three kinds of colour blindness (the nearest pair is 0.12 in OKLab distance, simulated after Machado 2009).
 */
export const palette: readonly string[] = ["#0072b2", "#f96512", "#2fa879", "#bd1578", "#935700", "#a66ffd"];

/** Shapes beside the colours, so that no line is told by its colour alone; seven, so that 42 lines have a pair of their own. */
export const shapes: readonly string[] = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right"];

/** Returns the scale that gives each of `domain` its colour: from the palette, or in a row where there are more than it has. */
export function colorScale(domain: readonly string[]): object {
  if (domain.length <= palette.length) return { domain, range: palette };
  // The ends are cut off, which would fade into a white or a dark page.
  return { domain, scheme: { name: "plasma", extent: [0.18, 0.86] } };
}

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** The look of every figure; `ink` is the colour of text and axes. */
export function plotConfig(ink: string): Config {
  const text = { labelFontSize: 13, titleFontSize: 13, labelColor: ink, titleColor: ink, titleFontWeight: 500 as const };
  return {
    font,
    background: "transparent",
    padding: 6,
    view: { stroke: null },
    axis: {
      ...text,
      grid: true,
      gridColor: ink,
      gridOpacity: 0.12,
      domainColor: ink,
      domainOpacity: 0.5,
      tickColor: ink,
      tickOpacity: 0.5,
      labelPadding: 6,
      titlePadding: 12,
    },
    axisX: { grid: false },
    // The title stands level above the labels; the room for labels up to "0.0001" keeps the plots of a report in line.
    axisY: { domain: false, ticks: false, minExtent: 60, titleAngle: 0, titleAlign: "left", titleBaseline: "bottom", titleX: -60, titleY: -12 },
    legend: { ...text, symbolStrokeWidth: 3, symbolOpacity: 1, labelLimit: 320, rowPadding: 6, orient: "right" },
    header: { ...text, labelFontWeight: 600 },
    title: { color: ink, fontSize: 16, fontWeight: 600, anchor: "start", offset: 14, subtitleColor: ink, subtitleFontSize: 13, subtitlePadding: 7 },
    text: { fill: ink, fontSize: 13 },
    line: { strokeWidth: 2.25, strokeJoin: "round", strokeCap: "round" },
    mark: { invalid: "break-paths-show-path-domains" },
  };
}
