import { costEqualisedWeights } from "./cost-equalised.ts";
import type { MixtureOfSchemes, WeightedSchemes } from "./distribution.ts";
import { gaussianWeights } from "./gaussian.ts";
import { linearWeights } from "./linear.ts";

/** The probability of each scheme of a checked list. */
export function schemeShares(distribution: WeightedSchemes): number[] {
  return shares(weightsOf(distribution));
}

/** The probability of each distribution of a checked mixture. */
export function distributionShares({ distributions, weights }: MixtureOfSchemes): number[] {
  return shares(weights ?? distributions.map(() => 1));
}

function weightsOf(distribution: WeightedSchemes): readonly number[] {
  switch (distribution.kind) {
    case "categorical":
      return distribution.weights ?? distribution.schemes.map(() => 1);
    case "gaussian":
      return gaussianWeights(distribution);
    case "linear":
      return linearWeights(distribution);
    case "cost-equalised":
      return costEqualisedWeights(distribution);
  }
}

/** Weights scaled to the sum 1. */
function shares(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
