import { placeIn, type Place } from "./place.ts";
import { schemeList, type SchemeLike } from "./scheme-list.ts";
import type { PatchScheme } from "./scheme.ts";
import { meanSide } from "./size.ts";

/** Schemes weighted by a straight line over their patch sizes. */
export type LinearSchemes = {
  readonly kind: "linear";
  readonly schemes: readonly PatchScheme[];
  /** Weight of the smallest patch size: the finest scheme, of the most tokens. */
  readonly weightAtSmallest: number;
  /** Weight of the largest patch size, on the same scale. */
  readonly weightAtLargest: number;
};

/**
 * Schemes whose weights rise or fall linearly with the patch size.
 *
 * weight = (1 - t) weightAtSmallest + t weightAtLargest, with t = (size - smallest) / (largest - smallest)
 * and size = sqrt(patchHeight * patchWidth); strides do not count. Only the ratio of the two weights matters.
 *
 * @param schemes schemes, or patch sizes: `linear([48, 24, 16], { weightAtSmallest: 3, weightAtLargest: 1 })`.
 * @throws where the schemes are all of one size, a weight is negative or not finite, or both are 0.
 */
export function linear(schemes: readonly SchemeLike[], line: Pick<LinearSchemes, "weightAtSmallest" | "weightAtLargest">): LinearSchemes {
  const place = placeIn("linear");
  const { weightAtSmallest, weightAtLargest } = line;
  const distribution: LinearSchemes = { kind: "linear", schemes: schemeList(schemes, place), weightAtSmallest, weightAtLargest };
  checkLinear(distribution, place);
  return distribution;
}

/** Refuses a line that has no two ends or is no weight at one of them. */
export function checkLinear({ schemes, weightAtSmallest, weightAtLargest }: LinearSchemes, place: Place): void {
  const ends = { weightAtSmallest, weightAtLargest };
  for (const [name, weight] of Object.entries(ends)) {
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new Error(`${place(name)}: expected a finite weight of at least 0, got ${weight}. A weight of 0 leaves the size at that end out.`);
    }
  }
  if (weightAtSmallest === 0 && weightAtLargest === 0) {
    throw new Error(`${place("weightAtLargest")}: expected a weight above 0 where weightAtSmallest is 0, got 0. Give one end a weight of 1.`);
  }
  const sizes = new Set(schemes.map(({ patchSize }) => meanSide(patchSize)));
  if (sizes.size === 1) {
    const size = Number([...sizes][0].toPrecision(4));
    throw new Error(
      `${place("schemes")}: expected at least two sizes, got ${size} px only. Add a scheme of another size, or use a categorical distribution.`,
    );
  }
}

/** The weights of the schemes, the larger end's 1. */
export function linearWeights({ schemes, weightAtSmallest, weightAtLargest }: LinearSchemes): number[] {
  const sizes = schemes.map(({ patchSize }) => meanSide(patchSize));
  const smallest = Math.min(...sizes);
  const span = Math.max(...sizes) - smallest;
  const larger = Math.max(weightAtSmallest, weightAtLargest); // scaled to at most 1, no sum overflows
  return sizes.map((size) => {
    const t = (size - smallest) / span;
    return (1 - t) * (weightAtSmallest / larger) + t * (weightAtLargest / larger);
  });
}
