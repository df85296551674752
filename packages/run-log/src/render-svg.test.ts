import { expect, it } from "vitest";
import { accuracyPlot, type AccuracyLine } from "./accuracy-plot.ts";
import { linePlot } from "./line-plot.ts";
import { renderSvg, type PlotSpec } from "./render-svg.ts";

const ramp = (count: number, slope: number) => Array.from({ length: count }, (_, x) => ({ x, y: slope * x }));

/** The drawn lines of an SVG, as lists of [x, y] in pixels. */
function drawnLines(svg: string): number[][][] {
  const paths = [...svg.matchAll(/aria-roledescription="line mark" d="M([^"]*)"/g)];
  return paths.map(([, path]) => path.split("L").map((pair) => pair.split(",").map(Number)));
}

it("a line that rises in the data rises in the picture, one path per line", async () => {
  const lines = [{ name: "up", points: ramp(5, 2) }, { name: "down", points: ramp(5, -1) }];
  const [up, down] = drawnLines(await renderSvg(linePlot({ lines, xTitle: "step", yTitle: "loss" })));
  // 600 px wide, y from 8 (top, 0 px) to -4 (bottom, 260 px).
  expect(up.map(([x]) => x)).toEqual([0, 150, 300, 450, 600]);
  expect(up[4][1]).toBeCloseTo(0, 6);
  expect(down[4][1]).toBeCloseTo(260, 6);
  expect(up[0][1]).toBeCloseTo((260 * 8) / 12, 3);
});

it("the same specification gives the same text, also while others are rendered", async () => {
  const spec = linePlot({ lines: [{ name: "a", points: ramp(400, 1) }], xTitle: "step", yTitle: "loss", smoothed: true });
  const [first, second] = await Promise.all([renderSvg(spec), renderSvg(spec)]);
  expect(second).toBe(first);
});

it("a white page gets a background and dark ink, an inherited one neither", async () => {
  const spec = linePlot({ lines: [{ name: "a", points: ramp(4, 1) }], xTitle: "step", yTitle: "loss" });
  const white = await renderSvg(spec);
  const inherit = await renderSvg(spec, { page: "inherit" });
  expect(white).toMatch(/<rect width="\d+" height="\d+" fill="#ffffff"/);
  expect(white).not.toContain("currentColor");
  expect(inherit).toContain('fill="currentColor"');
  expect(inherit).not.toContain("#ffffff");
});

it("values that are not finite break the line and a long series stays small", async () => {
  const points = ramp(50, 1);
  points[20].y = Number.NaN;
  const broken = await renderSvg(linePlot({ lines: [{ name: "a", points }], xTitle: "step", yTitle: "loss" }));
  expect(broken.match(/aria-roledescription="line mark" d="(M[^"]*)"/)![1].match(/M/g)).toHaveLength(2);
  const long = await renderSvg(linePlot({ lines: [{ name: "a", points: ramp(25_000, 1) }], xTitle: "step", yTitle: "loss", smoothed: true }));
  expect(long.length).toBeLessThan(40_000);
});

it("names are escaped", async () => {
  const lines = [{ name: "<script>alert(1)</script>", points: ramp(3, 1) }, { name: "b", points: ramp(3, 2) }];
  const svg = await renderSvg(linePlot({ lines, xTitle: "<b>", yTitle: "&" }));
  expect(svg).not.toContain("<script");
  expect(svg).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
});

it("refuses data from elsewhere, on the disk too", async () => {
  for (const url of ["file:///etc/passwd", "data.csv", "http://127.0.0.1:9/data.csv"]) {
    const spec: PlotSpec = { data: { url }, mark: "point", encoding: { x: { field: "a", type: "quantitative" } } };
    await expect(renderSvg(spec)).rejects.toThrow(
      new Error(`renderSvg(spec): expected data inside the specification, got the address ${url}. Put the values into data.values.`),
    );
  }
  const picture: PlotSpec = { data: { values: [{ a: "http://127.0.0.1:9/a.png" }] }, mark: "image", encoding: { url: { field: "a", type: "nominal" } } };
  await expect(renderSvg(picture)).rejects.toThrow("got the address http://127.0.0.1:9/a.png");
});

const curve = (name: string, accuracies: readonly number[], trainedAt?: number): AccuracyLine => ({
  name,
  trainedAt,
  points: [7, 28, 14].map((patchSize, index) => ({ patchSize, accuracy: accuracies[index] })),
});

it("the accuracy figure runs from coarse to fine, in percent, flexible bold, a ring at a fixed model's own size", async () => {
  const lines = [curve("flexible", [0.9, 0.7, 0.8]), curve("fixed at 14", [0.2, 0.3, 0.85], 14)];
  const svg = await renderSvg(accuracyPlot({ lines, title: "Figure" }));
  const [flexible, fixed] = drawnLines(svg);
  // Coarse to fine is 28, 14, 7: the flexible line rises from 70 to 90 %, the y axis is 340 px from 0 or 20 to 100 %.
  expect(flexible[0][1]).toBeGreaterThan(flexible[1][1]);
  expect(flexible[1][1]).toBeGreaterThan(flexible[2][1]);
  expect(fixed[1][1]).toBeLessThan(flexible[1][1]);
  expect(svg.match(/stroke-width="4"/g)).toHaveLength(1);
  expect(svg.match(/accuracy \(%\): 85; model: fixed at 14" role="graphics-symbol" aria-roledescription="point"/g)).toHaveLength(2);
  expect(svg.match(/accuracy \(%\): 80; model: flexible" role="graphics-symbol" aria-roledescription="point"/g)).toHaveLength(1);
  for (const text of ["Figure", "flexible", "fixed at 14", "28"]) expect(svg).toContain(`>${text}</text>`);
});

it("another axis has its own ticks in their order, its titles, and lines as bold as they say", async () => {
  const points = ["9", "16", "36"].map((patchSize, index) => ({ patchSize, accuracy: 0.4 + 0.1 * index }));
  const lines = [{ name: "thin", points, bold: false }, { name: "thick", points, trainedAt: "16", bold: true }];
  const svg = await renderSvg(accuracyPlot({ lines, axis: { title: "tokens", ticks: ["9", "16", "36"] }, yTitle: "agreement (%)" }));
  const at = (text: string) => svg.indexOf(`>${text}</text>`);
  // By area, patch sizes would run from 36 down to 9.
  expect([at("9") > 0, at("9") < at("16"), at("16") < at("36")]).toEqual([true, true, true]);
  expect(svg.match(/stroke-width="4"/g)).toHaveLength(1);
  for (const text of ["tokens", "agreement (%)"]) expect(svg).toContain(`>${text}</text>`);
  expect(svg).not.toContain("accuracy (%)<");
});

it("names at the line ends never overlap, and stay inside, where all lines end at one value", async () => {
  const lines = Array.from({ length: 9 }, (_, index) => curve(`model ${index}`, [0.999, 0.5, 0.9], 14));
  const svg = await renderSvg(accuracyPlot({ lines }));
  const heights = [...svg.matchAll(/translate\([\d.]+,([-\d.]+)\)[^>]*>model \d</g)].map(([, y]) => Number(y)).sort((a, b) => a - b);
  expect(heights).toHaveLength(9);
  for (let i = 1; i < heights.length; i++) expect(heights[i] - heights[i - 1]).toBeGreaterThan(16);
  expect(heights[0]).toBeGreaterThanOrEqual(0);
});

it("rectangular sizes and strides are ordered by the pixels per patch", async () => {
  const points = ["10x12", "12x12/6x6", "24x8"].map((patchSize) => ({ patchSize, accuracy: 0.5 }));
  const svg = await renderSvg(accuracyPlot({ lines: [{ name: "m", points }] }));
  const at = (label: string) => svg.indexOf(`>${label}</text>`);
  expect(at("24×8")).toBeGreaterThan(0);
  expect(at("24×8")).toBeLessThan(at("10×12"));
  expect(at("10×12")).toBeLessThan(at("12×12/6×6"));
});

it("values in a unit of their own are drawn as they are: 0.2, 0.3 m and 1.5 m on an axis from 0 to 2", async () => {
  const lines = [{ name: "a", points: [{ patchSize: 8, accuracy: 1.5, low: 1.4, high: 1.6 }, { patchSize: 4, accuracy: 0.3 }] }, { name: "b", points: [{ patchSize: 4, accuracy: 0.2 }] }];
  const svg = await renderSvg(accuracyPlot({ lines, yTitle: "RMSE (m)", plain: true }));
  const [[[, atEight], [, atFour]]] = drawnLines(svg);
  // 340 px from 2 m at the top to 0 m
  expect(atEight).toBeCloseTo((340 * 0.5) / 2, 6);
  expect(atFour).toBeCloseTo((340 * 1.7) / 2, 6);
  expect(svg).toContain("RMSE (m): 0.3; model: a");
});
