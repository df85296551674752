import { expect, it } from "vitest";
import { anyPatchPlans } from "./any-patch.ts";
import { anyPatchRules } from "./any-patch-rules.ts";
import * as detect from "./detect-any-patch/config.ts";
import type { Panel } from "./panel.ts";
import { judge } from "./rules.ts";
import * as segment from "./segment-any-patch/config.ts";

const trained = (config: Parameters<typeof anyPatchPlans>[0]) => anyPatchPlans(config, 5).map(({ name, shared, from, recipe }) => ({ name, shared, from, recipe }));

it("the flexible model has all sizes and the steps of the two fixed ones, which store their weights at their own size and grid", () => {
  const plans = trained(segment.configs.small);
  expect(plans.map(({ name, shared }) => [name, shared])).toEqual([["segmenter flexible", true], ["segmenter fixed 16", true], ["segmenter fixed 8", true]]);
  expect(plans.map(({ recipe }) => [recipe.patchSizes, recipe.evaluatePatchSizes, recipe.steps, recipe.schedule.warmupSteps, recipe.seed])).toEqual([
    [["24", "16", "12", "8"], ["24", "16", "12", "8"], 800, 80, 5],
    [["16"], ["16"], 400, 40, 5],
    [["8"], ["8"], 400, 40, 5],
  ]);
  expect(plans.map(({ recipe: { vit } }) => [vit.patchSize, vit.positionGrid])).toEqual([[[12, 12], [8, 8]], [[16, 16], [6, 6]], [[8, 8], [12, 12]]]);
});

it("each detector starts from the segmenter of its own sizes", () => {
  const plans = trained(detect.configs.small);
  expect(plans.map(({ name, shared }) => [name, shared])).toEqual([["flexible", undefined], ["fixed 16", undefined], ["fixed 8", undefined]]);
  expect(plans.map(({ from }) => from)).toEqual(anyPatchPlans(segment.configs.small, 5));
});

it("the worst of the fixed models' own sizes and the worst of their neighbours decide: 2 behind, 3 ahead", () => {
  const panel: Panel = {
    title: "t",
    axis: "px",
    ticks: ["24", "16", "12", "8"],
    lines: [
      { name: "flexible", values: [0.5, 0.6, 0.7, 0.8] },
      { name: "fixed 16", values: [0.4, 0.62, 0.6, 0] },
      { name: "fixed 8", values: [0, 0, 0.67, 0.81] },
    ],
  };
  const rules = anyPatchRules({ patchSizes: panel.ticks, fixedPatchSizes: ["16", "8"] }, { quantity: "mean IoU", behind: 2.5, ahead: 4 });
  const verdicts = judge(rules, [[panel]]);
  expect(verdicts.map(({ mean, holds, atLeast }) => [mean.toFixed(6), atLeast, holds])).toEqual([["-2.000000", -2.5, true], ["3.000000", 4, false]]);
  expect(rules.map(({ claim }) => claim)).toEqual([
    "The flexible model is within 2.5 points of mean IoU of each fixed one at that model's own size",
    "It is at least 4 points above each fixed one at the next coarser and the next finer size",
  ]);
});
