import { parseScheme, schemeCost, schemeProbabilities } from "@flexivit/patch-schemes";
import { expect, it } from "vitest";
import { lasting } from "../recipes.ts";
import { configs, costOf, orders, plansOf, stepsOf } from "./config.ts";

const { small } = configs;
const costs = small.patchSizes.map((size) => schemeCost(parseScheme(size), 24, small.vit).multiplyAdds);

it("a cost-equalised step costs the harmonic mean of the sizes, a uniform one the mean", () => {
  const harmonic = costs.length / costs.reduce((sum, cost) => sum + 1 / cost, 0);
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  expect(costOf("cost-equalised", small, 7) / (7 * harmonic)).toBeCloseTo(1, 9);
  expect(costOf("uniform", small, 7) / (7 * mean)).toBeCloseTo(1, 9);
});

it.each(orders)("%s takes the compute of the uniform training, to less than the dearest step", (order) => {
  const wanted = costOf("uniform", small, small.training.steps);
  expect(Math.abs(costOf(order, small, stepsOf(order, small)) - wanted)).toBeLessThan(Math.max(...costs));
});

it("the compute of a sequence is that of its steps one by one", () => {
  const { draw } = plansOf({ ...small, training: { ...small.training, ...lasting(small.training, 60) } }, 0)[1].recipe;
  const steps = stepsOf("coarse to fine", { ...small, training: { ...small.training, steps: 60 } });
  const ofStep = (step: number): number => schemeProbabilities(draw!, step).reduce((sum, { scheme, probability }) => sum + probability * schemeCost(scheme, 24, small.vit).multiplyAdds, 0);
  const all = Array.from({ length: steps }, (_, step) => ofStep(step)).reduce((sum, cost) => sum + cost, 0);
  expect(costOf("coarse to fine", small, steps) / all).toBeCloseTo(1, 9);
});

it("coarse to fine begins with sizes 12, 8, 6 and ends with 6, 4, 3; fine to coarse is the reverse", () => {
  const [, coarse, fine] = plansOf(small, 0).map(({ recipe }) => JSON.stringify(recipe.draw));
  const [first, last] = ['"schemes":[{"patchSize":[12,12]', '"schemes":[{"patchSize":[6,6]'];
  expect(coarse.indexOf(first)).toBeLessThan(coarse.indexOf(last));
  expect(fine.indexOf(last)).toBeLessThan(fine.indexOf(first));
});
