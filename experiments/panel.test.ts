import { expect, it } from "vitest";
import { deviation, meanLines, panelTable, type Panel } from "./panel.ts";

const panel = (first: number[], second: number[]): Panel => ({
  title: "t",
  axis: "patch size (pixels), coarse to fine",
  ticks: ["12", "6"],
  lines: [
    { name: "a", values: first, bold: true },
    { name: "b", values: second, trainedAt: "6" },
  ],
});
const seeds = [panel([0.5, 0.6], [0.1, Number.NaN]), panel([0.6, 0.9], [0.2, Number.NaN]), panel([0.7, 0.6], [0.6, Number.NaN])];

it("2, 4, 4, 4, 5, 5, 7, 9 deviate by the root of 32 / 7, as a sample", () => {
  expect(deviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
});

it("three seeds of 0.5, 0.6, 0.7 become their mean with lowest and highest; one seed has no range; a gap stays a gap", () => {
  const [a, b] = meanLines(seeds);
  expect(a).toMatchObject({ name: "a", bold: true, trainedAt: "" });
  expect(a.points.map(({ patchSize, low, high }) => [patchSize, low, high])).toEqual([["12", 0.5, 0.7], ["6", 0.6, 0.9]]);
  expect(a.points[0].accuracy).toBeCloseTo(0.6, 12);
  expect(b.trainedAt).toBe("6");
  expect(b.points.map(({ patchSize }) => patchSize)).toEqual(["12"]);
  expect(meanLines([seeds[0]])[0].points[0]).toEqual({ patchSize: "12", accuracy: 0.5 });
});

it("the table shows percent and the standard deviation over seeds", () => {
  // 0.6, 0.9, 0.6: mean 70, deviation the root of (100 + 400 + 100) / 2 = 17.3; 0.1, 0.2, 0.6: 30 and 26.5
  expect(panelTable(seeds)).toEqual({ columns: ["accuracy (%) at patch size", "12", "6"], rows: [["a", "60.0 ± 10.0", "70.0 ± 17.3"], ["b", "30.0 ± 26.5", ""]] });
  expect(panelTable([{ ...seeds[1], quantity: "agreement", axis: "tokens" }]).columns[0]).toBe("agreement (%) at tokens");
  expect(panelTable([seeds[1]]).rows[0]).toEqual(["a", "60.0", "90.0"]);
});

it("metres, degrees and figures without a unit are shown as they are, with their digits", () => {
  const errors = (values: number[]): Panel => ({ title: "t", quantity: "RMSE", unit: "m", axis: "px", ticks: ["12", "6"], lines: [{ name: "a", values }] });
  // 0.25, 0.35: mean 0.3, deviation the root of 0.005
  expect(panelTable([errors([0.25, 1.5]), errors([0.35, 1.5])])).toEqual({ columns: ["RMSE (m) at px", "12", "6"], rows: [["a", "0.300 ± 0.071", "1.500 ± 0.000"]] });
  expect(panelTable([{ ...errors([11.25, 3]), quantity: "angle", unit: "°" }]).rows).toEqual([["a", "11.3", "3.0"]]);
  expect(panelTable([{ ...errors([0.1, 3]), quantity: "log10", unit: "" }])).toEqual({ columns: ["log10 at px", "12", "6"], rows: [["a", "0.100", "3.000"]] });
});
