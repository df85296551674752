import { checkDistribution } from "./check-distribution.ts";
import type { SchemeDistribution } from "./distribution.ts";
import { placeIn } from "./place.ts";
import { formatScheme, type PatchScheme } from "./scheme.ts";
import { distributionShares, schemeShares } from "./shares.ts";

/**
 * Every scheme that a run can draw, once, in the order of the distribution: what a trainer checks against its images beforehand.
 *
 * @param steps length of the run; without it, every step however late counts.
 * @throws where the distribution is impossible or ends before the run does.
 */
export function possibleSchemes(distribution: SchemeDistribution, steps: number = Infinity): PatchScheme[] {
  const place = placeIn("possibleSchemes");
  if (steps !== Infinity && !(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new Error(`${place("steps")}: expected a whole number of at least 1, got ${steps}. Leave steps out for a run of any length.`);
  }
  checkDistribution(distribution, steps, place);
  const named = new Map<string, PatchScheme>();
  for (const scheme of schemesWithin(distribution, 0, steps)) named.set(formatScheme(scheme), scheme);
  return [...named.values()];
}

/** The schemes that the steps from..until-1 may draw, some more than once. */
function schemesWithin(distribution: SchemeDistribution, from: number, until: number): PatchScheme[] {
  if (from >= until) return [];
  switch (distribution.kind) {
    case "mixture": {
      const parts = distributionShares(distribution);
      return distribution.distributions.filter((_, index) => parts[index] > 0).flatMap((part) => schemesWithin(part, from, until));
    }
    case "sequence":
      return distribution.stages.flatMap(({ fromStep, untilStep = until, distribution: part }) =>
        schemesWithin(part, Math.max(from, fromStep), Math.min(until, untilStep)),
      );
    default: {
      const probabilities = schemeShares(distribution);
      return distribution.schemes.filter((_, index) => probabilities[index] > 0);
    }
  }
}
