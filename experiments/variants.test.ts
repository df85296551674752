import { checkRecipe, checkTaskRecipe } from "flexivit";
import { useEngine } from "@flexivit/engine";
import { beforeAll, expect, it } from "vitest";
import * as accuracy from "./accuracy-vs-patch-size/config.ts";
import { anyPatchPlans } from "./any-patch.ts";
import * as transfer from "./coarse-finetune-fine-deploy/config.ts";
import * as depth from "./depth-any-patch/config.ts";
import * as detect from "./detect-any-patch/config.ts";
import * as distillation from "./distillation/config.ts";
import * as embedders from "./embedders/config.ts";
import * as mixed from "./mixed-image-sizes/config.ts";
import * as curriculum from "./patch-size-curriculum/config.ts";
import type { Plan, TrainedPlan } from "./plan.ts";
import * as ablation from "./resize-ablation/config.ts";
import * as segment from "./segment-any-patch/config.ts";

type Module = { configs: Record<string, object>; plansOf: (config: never, seed: number, weights?: readonly string[]) => Plan[] };
const tasks = { detect: { ...detect, plansOf: anyPatchPlans }, segment: { ...segment, plansOf: anyPatchPlans }, depth };
const modules: Record<string, Module> = { accuracy, ablation, distillation, transfer, curriculum, embedders, mixed, ...tasks };
const weightFiles: Record<string, string[]> = { ablation: ["fixed"], distillation: ["teacher"], transfer: ["flexible", "fixed"], depth: ["backbone"] };
const variants = Object.entries(modules).flatMap(([name, { configs }]) => Object.keys(configs).map((variant) => ({ name, variant })));

beforeAll(() => useEngine({ prefer: "cpu" }));

const isTrained = (plan: Plan | undefined): plan is TrainedPlan => plan !== undefined && "recipe" in plan;

it.each(variants)("$name, $variant: every model can be trained to its end, and has a name of its own", ({ name, variant }) => {
  const { configs, plansOf } = modules[name];
  const plans = plansOf(configs[variant] as never, 3, weightFiles[name]);
  for (const plan of plans.filter(isTrained)) {
    for (const { recipe } of [plan, plan.from, plan.teacher?.plan].filter(isTrained)) {
      expect(() => ("task" in recipe ? checkTaskRecipe(recipe) : checkRecipe(recipe))).not.toThrow();
      expect(recipe.seed).toBe(3);
    }
  }
  expect(new Set(plans.map((plan) => plan.name)).size).toBe(plans.length);
});

it("a paper variant that starts from trained weights says how many it wants", () => {
  expect(() => transfer.plansOf(transfer.configs.paper, 0, ["one"])).toThrow(
    new Error("experiment(weights): expected 2 files of trained weights (flexible, fixed), got 1. Pass them with --weights."),
  );
});
