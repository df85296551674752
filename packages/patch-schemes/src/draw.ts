import { random } from "@flexivit/random";
import { checkDistribution } from "./check-distribution.ts";
import type { SchemeDistribution, WeightedSchemes } from "./distribution.ts";
import { pick } from "./pick.ts";
import { placeIn, type Place } from "./place.ts";
import { formatScheme, type PatchScheme } from "./scheme.ts";
import { distributionShares, schemeShares } from "./shares.ts";
import { stageAt } from "./stages.ts";

/** A scheme and how likely a step draws it. */
export type SchemeProbability = { scheme: PatchScheme; probability: number };

/**
 * The scheme of one training step: drawn by (seed, step) alone, so a resumed or a distributed run draws the same.
 *
 * A mixture draws its distribution and, independently of that, the scheme from it. A step of a sequence draws what
 * its stage's distribution draws alone at that step.
 *
 * @param step training step, from 0.
 * @throws where the distribution is impossible or ends before the step, or the step is no whole number.
 */
export function drawScheme(distribution: SchemeDistribution, seed: number, step: number): PatchScheme {
  checkAt(distribution, step, placeIn("drawScheme"));
  const list = drawList(distribution, seed, step, 0);
  return list.schemes[pick(schemeShares(list), random(seed, "patch-scheme", step).uniform())];
}

/**
 * The schemes that a step may draw with their probabilities, which sum to 1; schemes of weight 0 are left out.
 *
 * For a mixture these are the probabilities before its distribution is drawn.
 *
 * @param step training step, from 0, for distributions that change over a run.
 * @throws where the distribution is impossible or ends before the step, or the step is no whole number.
 */
export function schemeProbabilities(distribution: SchemeDistribution, step: number): SchemeProbability[] {
  checkAt(distribution, step, placeIn("schemeProbabilities"));
  const total = new Map<string, SchemeProbability>(); // a scheme may be in several distributions of a mixture
  for (const { scheme, probability } of probabilitiesAt(distribution, step)) {
    if (probability === 0) continue;
    const name = formatScheme(scheme);
    total.set(name, { scheme, probability: (total.get(name)?.probability ?? 0) + probability });
  }
  return [...total.values()];
}

function checkAt(distribution: SchemeDistribution, step: number, place: Place): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new Error(`${place("step")}: expected a whole number from 0, got ${step}. Count training steps.`);
  }
  checkDistribution(distribution, step + 1, place);
}

/** The list of schemes that a step draws from. */
function drawList(distribution: SchemeDistribution, seed: number, step: number, depth: number): WeightedSchemes {
  switch (distribution.kind) {
    case "mixture": {
      // A stream per depth: a mixture within a mixture draws independently of the outer one.
      const index = pick(distributionShares(distribution), random(seed, "patch-scheme-mixture", step, depth).uniform());
      return drawList(distribution.distributions[index], seed, step, depth + 1);
    }
    case "sequence":
      return drawList(stageAt(distribution.stages, step).distribution, seed, step, depth);
    default:
      return distribution;
  }
}

function probabilitiesAt(distribution: SchemeDistribution, step: number): SchemeProbability[] {
  switch (distribution.kind) {
    case "mixture": {
      const parts = distributionShares(distribution);
      return distribution.distributions.flatMap((part, index) =>
        probabilitiesAt(part, step).map(({ scheme, probability }) => ({ scheme, probability: parts[index] * probability })),
      );
    }
    case "sequence":
      return probabilitiesAt(stageAt(distribution.stages, step).distribution, step);
    default: {
      const probabilities = schemeShares(distribution);
      return distribution.schemes.map((scheme, index) => ({ scheme, probability: probabilities[index] }));
    }
  }
}
