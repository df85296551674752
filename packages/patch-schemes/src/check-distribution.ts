import { checkCategorical } from "./categorical.ts";
import { checkCostEqualised } from "./cost-equalised.ts";
import type { MixtureOfSchemes, SchemeDistribution, SequenceOfSchemes } from "./distribution.ts";
import { checkGaussian } from "./gaussian.ts";
import { checkLinear } from "./linear.ts";
import { within, type Place } from "./place.ts";
import { requireSchemes } from "./scheme-list.ts";
import { checkStages } from "./stages.ts";
import { checkWeights } from "./weights.ts";

const kinds: readonly SchemeDistribution["kind"][] = ["categorical", "gaussian", "linear", "cost-equalised", "mixture", "sequence"];

/**
 * Refuses a distribution that could not be drawn from at every step before `end`, whatever part of it is at fault.
 *
 * @param end number of steps to draw for; Infinity where that is not known.
 * @throws with the place of the fault: `drawScheme(stages[1].distribution.weights)`.
 */
export function checkDistribution(distribution: SchemeDistribution, end: number, place: Place): void {
  if ("schemes" in distribution) requireSchemes(distribution.schemes, place);
  switch (distribution.kind) {
    case "categorical":
      return checkCategorical(distribution, place);
    case "gaussian":
      return checkGaussian(distribution, place);
    case "linear":
      return checkLinear(distribution, place);
    case "cost-equalised":
      return checkCostEqualised(distribution);
    case "mixture":
      return checkMixture(distribution, end, place);
    case "sequence":
      return checkSequence(distribution, end, place);
    default:
      throw unknownKind((distribution as { kind: unknown }).kind, place);
  }
}

/** The error for a kind of distribution that does not exist. */
export function unknownKind(kind: unknown, place: Place): Error {
  return new Error(`${place("kind")}: expected one of ${kinds.join(", ")}, got "${String(kind)}". Use one of these kinds.`);
}

function checkMixture({ distributions, weights }: MixtureOfSchemes, end: number, place: Place): void {
  if (distributions.length === 0) {
    throw new Error(`${place("distributions")}: expected at least one distribution, got none. Add a categorical one, for example.`);
  }
  checkWeights(weights, distributions.length, "distribution", place);
  for (const [index, part] of distributions.entries()) checkDistribution(part, end, within(place, `distributions[${index}]`));
}

function checkSequence({ stages }: SequenceOfSchemes, end: number, place: Place): void {
  checkStages(stages, end, place);
  for (const [index, { untilStep = end, distribution }] of stages.entries()) {
    checkDistribution(distribution, untilStep, within(place, `stages[${index}].distribution`));
  }
}
