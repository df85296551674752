import { costEqualised, linear, schemeCost, schemeProbabilities, sequence, uniform, type SchemeDistribution } from "@flexivit/patch-schemes";
import type { VitConfig } from "@flexivit/vit";
import { greySmall, imageNet21k, lasting, paperPatchSizes, paperTraining, paperVit, planOf, smallTraining, smallVit, smokeTraining, smokeVit, type Training } from "../recipes.ts";
import type { TrainedPlan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";

/** One variant: the same flexible model under several orders of patch sizes, all of the same compute. */
export type Config = StudyConfig & {
  patchSizes: string[];
  vit: VitConfig;
  /** The uniform training; the others take as many steps as cost the same. */
  training: Training;
};

const small: Config = { ...greySmall, patchSizes: ["12", "8", "6", "4", "3"], vit: smallVit, training: { ...smallTraining, ...lasting(smallTraining, 800) }, testPictures: 4000 };
const smoke: Config = { ...small, patchSizes: ["12", "8", "6"], vit: smokeVit, training: smokeTraining, testPictures: 50 };
const paper: Config = { ...imageNet21k, patchSizes: paperPatchSizes, vit: paperVit, training: paperTraining };

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;

/** Names of the orders that are compared, the one that the others are measured against first. */
export const orders = ["uniform", "coarse to fine", "fine to coarse", "cost-equalised", "from mostly coarse to uniform"] as const;
type Order = (typeof orders)[number];

/** The steps at which a third of a run begins, and its end. */
const thirdsOf = (steps: number): [number, number, number, number] => [0, Math.round(steps / 3), Math.round((2 * steps) / 3), steps];

/** The distribution of each order over a number of steps; it stays the same within a third. */
function distributionOf(order: Order, { patchSizes, vit, training }: Config, steps: number): SchemeDistribution {
  const [, second, third] = thirdsOf(steps);
  const staged = (...stages: [SchemeDistribution, SchemeDistribution, SchemeDistribution]): SchemeDistribution =>
    sequence([
      { fromStep: 0, untilStep: second, distribution: stages[0] },
      { fromStep: second, untilStep: third, distribution: stages[1] },
      { fromStep: third, distribution: stages[2] },
    ]);
  const half = Math.ceil(patchSizes.length / 2);
  const [coarse, all, fine] = [patchSizes.slice(0, half), patchSizes, patchSizes.slice(-half)].map((sizes) => uniform(sizes));
  switch (order) {
    case "uniform":
      return all;
    case "coarse to fine":
      return staged(coarse, all, fine);
    case "fine to coarse":
      return staged(fine, all, coarse);
    case "cost-equalised":
      return costEqualised(patchSizes, training.imageSizePx, vit);
    case "from mostly coarse to uniform":
      return staged(linear(patchSizes, { weightAtSmallest: 1, weightAtLargest: 4 }), linear(patchSizes, { weightAtSmallest: 1, weightAtLargest: 2 }), all);
  }
}

/** Expected multiply-adds of a whole run, for one picture a step. */
export function costOf(order: Order, config: Config, steps: number): number {
  const { vit, training } = config;
  const distribution = distributionOf(order, config, steps);
  const ofStep = (step: number): number =>
    schemeProbabilities(distribution, step).reduce((sum, { scheme, probability }) => sum + probability * schemeCost(scheme, training.imageSizePx, vit).multiplyAdds, 0);
  const thirds = thirdsOf(steps);
  return thirds.slice(1).reduce((sum, end, index) => sum + (end - thirds[index]) * ofStep(thirds[index]), 0);
}

/** The number of steps whose compute is that of the uniform training. */
export function stepsOf(order: Order, config: Config): number {
  const { steps } = config.training;
  const wanted = costOf("uniform", config, steps);
  const estimate = Math.round((steps * wanted) / costOf(order, config, steps));
  return Math.round((estimate * wanted) / costOf(order, config, estimate)); // thirds are whole steps
}

export function plansOf(config: Config, seed: number): TrainedPlan[] {
  const { patchSizes, vit, training } = config;
  return orders.map((order) => {
    const steps = stepsOf(order, config);
    return planOf(order, config, { ...training, ...lasting(training, steps) }, { vit, patchSizes, seed, draw: distributionOf(order, config, steps) });
  });
}
