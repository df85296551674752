import { checkDistribution } from "./check-distribution.ts";
import type { MixtureOfSchemes, SchemeDistribution, SchemeStage, SequenceOfSchemes } from "./distribution.ts";
import { placeIn } from "./place.ts";

/**
 * The distribution itself is drawn at every step: one of these, by weight, and then a scheme from it.
 *
 * probability of a scheme = sum over distributions of (share of its weight) * (its probability of the scheme).
 *
 * @param weights one per distribution, at least 0, any scale; all alike unless given.
 * @throws where there is no distribution, the weights are no proportions, or a distribution is impossible.
 */
export function mixture(distributions: readonly SchemeDistribution[], weights?: readonly number[]): MixtureOfSchemes {
  const mixed: MixtureOfSchemes = { kind: "mixture", distributions, ...(weights && { weights }) };
  checkDistribution(mixed, Infinity, placeIn("mixture"));
  return mixed;
}

/**
 * One distribution after the other: a curriculum over the steps of a run.
 *
 * @param stages in order, the first from step 0, each from where the one before ends; only the last may stay open.
 * @throws where a step would have no distribution or two, or a distribution is impossible.
 */
export function sequence(stages: readonly SchemeStage[]): SequenceOfSchemes {
  const curriculum: SequenceOfSchemes = { kind: "sequence", stages };
  checkDistribution(curriculum, Infinity, placeIn("sequence"));
  return curriculum;
}
