import { schemeCost, type TransformerSize } from "./cost.ts";
import type { Remainder } from "./grid.ts";
import { placeIn } from "./place.ts";
import { schemeList, type SchemeLike } from "./scheme-list.ts";
import type { PatchScheme } from "./scheme.ts";
import type { Size } from "./size.ts";

/** Schemes weighted so that each one gets the same expected compute. */
export type CostEqualisedSchemes = {
  readonly kind: "cost-equalised";
  readonly schemes: readonly PatchScheme[];
  /** Pixels of the training images: a number for squares, or [height, width]. */
  readonly imageSize: number | Size;
  /** Sizes of the trained model. */
  readonly model: Readonly<TransformerSize>;
  /** Pixels that whole patches leave over: "error" unless given. */
  readonly remainder?: Remainder;
};

/**
 * Schemes as often as they are cheap: over a run, every scheme takes the same share of the multiply-adds.
 *
 * weight = 1 / multiplyAdds of one image ({@link schemeCost}). A step then costs the harmonic mean of the schemes' costs.
 *
 * @param model only its sizes are kept, so a whole model config may be passed.
 * @throws where there is no scheme, one does not fit the image, or a size of the model is impossible.
 */
export function costEqualised(
  schemes: readonly SchemeLike[],
  imageSize: number | Size,
  { dim, depth, hiddenDim, channels = 3, prefixTokens = 0, classes = 0 }: TransformerSize,
  remainder: Remainder = "error",
): CostEqualisedSchemes {
  const distribution: CostEqualisedSchemes = {
    kind: "cost-equalised",
    schemes: schemeList(schemes, placeIn("costEqualised")),
    imageSize,
    model: { dim, depth, hiddenDim, channels, prefixTokens, classes },
    remainder,
  };
  checkCostEqualised(distribution);
  return distribution;
}

/** Refuses a scheme that does not fit the image, and a model of impossible sizes. */
export function checkCostEqualised(distribution: CostEqualisedSchemes): void {
  costEqualisedWeights(distribution); // a scheme without a cost throws
}

/** The weights of the schemes. */
export function costEqualisedWeights({ schemes, imageSize, model, remainder }: CostEqualisedSchemes): number[] {
  return schemes.map((scheme) => 1 / schemeCost(scheme, imageSize, model, remainder).multiplyAdds);
}
