import { placeIn, type Place } from "./place.ts";
import { schemeList, type SchemeLike } from "./scheme-list.ts";
import type { PatchScheme } from "./scheme.ts";
import { checkWeights } from "./weights.ts";

/** Schemes with their weights (any scale; all alike unless given). */
export type CategoricalSchemes = {
  readonly kind: "categorical";
  readonly schemes: readonly PatchScheme[];
  readonly weights?: readonly number[];
};

/**
 * Every scheme as likely as any other: the paper's choice.
 *
 * @param schemes schemes, or patch sizes: `uniform([48, 24, [16, 8], "12/6"])`.
 * @throws where there is none.
 * Source: arXiv 2212.08013 section 3.
 */
export function uniform(schemes: readonly SchemeLike[]): CategoricalSchemes {
  return { kind: "categorical", schemes: schemeList(schemes, placeIn("uniform")) };
}

/**
 * Every scheme as likely as its weight says.
 *
 * probability of i = weights[i] / sum of weights.
 *
 * @param weights one per scheme, at least 0, any scale.
 * @throws where there is no scheme or the weights are no proportions.
 */
export function categorical(schemes: readonly SchemeLike[], weights: readonly number[]): CategoricalSchemes {
  const place = placeIn("categorical");
  const distribution: CategoricalSchemes = { kind: "categorical", schemes: schemeList(schemes, place), weights };
  checkCategorical(distribution, place);
  return distribution;
}

/** Refuses weights that are no proportions, one per scheme. */
export function checkCategorical({ schemes, weights }: CategoricalSchemes, place: Place): void {
  checkWeights(weights, schemes.length, "scheme", place);
}
