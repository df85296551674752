import { expect, it } from "vitest";
import type { Panel } from "../panel.ts";
import { judge } from "../rules.ts";
import { configs } from "./config.ts";
import { rulesOf } from "./rules.ts";

const patchSizes = ["24", "12", "6"];
const config = { ...configs.small, patchSizes, fixedPatchSizes: ["24", "12"] };
const panel = (unit: "m" | "°", flexible: number[], fixed24: number[], fixed12: number[], equal: number[]): Panel => ({
  title: "t",
  axis: "patch size",
  unit,
  ticks: patchSizes,
  lines: [
    { name: "flexible", values: flexible },
    { name: "fixed 24", values: fixed24 },
    { name: "fixed 12", values: fixed12 },
    { name: "flexible, equal steps", values: equal },
  ],
});

it("the worst of both fixed models counts: 0.02 m above at 12 px, 0.04 m below at 6 px, 0.2 m from 24 to 6 px; for angles 2, 1 and 6 degrees; with equal steps 0.04 m and 3 degrees above", () => {
  const panels = [panel("m", [0.75, 0.5, 0.55], [0.75, 0.75, 1], [1, 0.48, 0.59], [0.76, 0.52, 1]), panel("°", [20, 17, 14], [18, 30, 30], [21, 16, 30], [21, 18, 40])];
  const verdicts = judge(rulesOf(config), [panels]);
  const measured = [0.02, 0.04, 0.2, 0.04, 2, 1, 6, 3];
  for (const [i, { mean }] of verdicts.entries()) expect(mean).toBeCloseTo(measured[i], 12);
  expect(verdicts.map(({ holds }) => holds)).toEqual([true, false, true, true, false, false, true, false]);
});
