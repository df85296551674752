import { random } from "@flexivit/random";
import { patchScheme, type PatchScheme } from "./scheme.ts";
import type { Size } from "./size.ts";

/** Schemes with their weights (any scale; all alike unless given). */
export type CategoricalSchemes = {
  readonly kind: "categorical";
  readonly schemes: readonly PatchScheme[];
  readonly weights?: readonly number[];
};

/** Which schemes a training run draws, and how often. Plain data: it lives in a run's config. */
export type SchemeDistribution = CategoricalSchemes;

/** A scheme and how likely a step draws it. */
export type SchemeProbability = { scheme: PatchScheme; probability: number };

/**
 * Every scheme as likely as any other: the paper's choice.
 *
 * @param schemes schemes, or patch sizes: `uniform([48, 24, [16, 8]])`.
 * @throws where there is none.
 * Source: arXiv 2212.08013 section 3.
 */
export function uniform(schemes: readonly (PatchScheme | Size | number)[]): CategoricalSchemes {
  const distribution: CategoricalSchemes = {
    kind: "categorical",
    schemes: schemes.map((scheme) => (typeof scheme === "object" && "patchSize" in scheme ? scheme : patchScheme(scheme))),
  };
  checkCategorical(distribution, "uniform");
  return distribution;
}

/**
 * The scheme of one training step: drawn by (seed, step) alone, so a resumed or a distributed run draws the same.
 *
 * @param step training step, from 0.
 * @throws where the distribution's weights are impossible or its kind is unknown.
 */
export function drawScheme(distribution: SchemeDistribution, seed: number, step: number): PatchScheme {
  const candidates = schemeProbabilities(distribution, step);
  let rest = random(seed, "patch-scheme", step).uniform();
  for (const { scheme, probability } of candidates) {
    rest -= probability;
    if (rest < 0) return scheme;
  }
  return candidates[candidates.length - 1].scheme; // the probabilities' sum may round to just below 1
}

/**
 * The schemes that a step may draw with their probabilities, which sum to 1; schemes of weight 0 are left out.
 *
 * @param step training step, from 0, for distributions that change over a run.
 * @throws where the distribution's weights are impossible, its kind is unknown or the step is no whole number.
 */
export function schemeProbabilities(distribution: SchemeDistribution, step: number): SchemeProbability[] {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new Error(`schemeProbabilities(step): expected a whole number from 0, got ${step}. Count training steps.`);
  }
  switch (distribution.kind) {
    case "categorical":
      return categoricalProbabilities(distribution);
    default: {
      const { kind } = distribution as { kind: unknown };
      throw new Error(`schemeProbabilities(kind): expected one of categorical, got "${String(kind)}". Use one of these kinds.`);
    }
  }
}

function categoricalProbabilities(distribution: CategoricalSchemes): SchemeProbability[] {
  checkCategorical(distribution, "schemeProbabilities");
  const { schemes, weights } = distribution;
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : schemes.length;
  return schemes
    .map((scheme, index) => ({ scheme, probability: (weights ? weights[index] : 1) / total }))
    .filter(({ probability }) => probability > 0);
}

function checkCategorical({ schemes, weights }: CategoricalSchemes, where: string): void {
  if (schemes.length === 0) {
    throw new Error(`${where}(schemes): expected at least one scheme, got none. List patch sizes, such as [48, 24, 16].`);
  }
  if (!weights) return;
  if (weights.length !== schemes.length) {
    throw new Error(
      `${where}(weights): expected ${schemes.length} weights, one per scheme, got ${weights.length}. Leave weights out to draw all schemes alike.`,
    );
  }
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) {
    throw new Error(`${where}(weights): expected finite weights of at least 0, got ${weights[wrong]} at ${wrong}. A weight of 0 leaves a scheme out.`);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0 && total < Infinity)) {
    throw new Error(`${where}(weights): expected weights with a finite sum above 0, got a sum of ${total}. Give one scheme a weight of 1.`);
  }
}
