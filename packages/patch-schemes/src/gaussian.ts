import { placeIn, type Place } from "./place.ts";
import { schemeList, type SchemeLike } from "./scheme-list.ts";
import type { PatchScheme } from "./scheme.ts";
import { meanSide } from "./size.ts";

/** Schemes weighted by a bell curve over their patch sizes. */
export type GaussianSchemes = {
  readonly kind: "gaussian";
  readonly schemes: readonly PatchScheme[];
  /** Patch size of the largest weight, in pixels; it need not be one of the schemes. */
  readonly centrePx: number;
  /** Standard deviation of the curve, in pixels of patch size. */
  readonly stdPx: number;
};

/**
 * Schemes near a patch size more often than schemes far from it.
 *
 * weight = exp(-(size - centrePx)^2 / (2 stdPx^2)), with size = sqrt(patchHeight * patchWidth) in pixels; strides do not count.
 * The curve is taken at the listed schemes only, so the mean of the draws is not `centrePx` where sizes lie unevenly around it.
 *
 * @param schemes schemes, or patch sizes: `gaussian([48, 24, [16, 8]], { centrePx: 24, stdPx: 8 })`.
 * @throws where there is no scheme, `centrePx` is negative or `stdPx` is not above 0.
 */
export function gaussian(schemes: readonly SchemeLike[], curve: Pick<GaussianSchemes, "centrePx" | "stdPx">): GaussianSchemes {
  const place = placeIn("gaussian");
  const { centrePx, stdPx } = curve;
  const distribution: GaussianSchemes = { kind: "gaussian", schemes: schemeList(schemes, place), centrePx, stdPx };
  checkGaussian(distribution, place);
  return distribution;
}

/** Refuses a curve without a centre or a width. */
export function checkGaussian({ schemes, centrePx, stdPx }: GaussianSchemes, place: Place): void {
  if (!(Number.isFinite(centrePx) && centrePx >= 0 && centrePx <= Number.MAX_SAFE_INTEGER)) {
    const sizes = schemes.map(({ patchSize }) => meanSide(patchSize));
    const span = [Math.min(...sizes), Math.max(...sizes)].map((size) => Number(size.toPrecision(4)));
    throw new Error(
      `${place("centrePx")}: expected a patch size in pixels, at least 0, got ${centrePx}. Choose one near the schemes' sizes, ${span[0]} to ${span[1]}.`,
    );
  }
  if (!(Number.isFinite(stdPx) && stdPx > 0)) {
    throw new Error(
      `${place("stdPx")}: expected finite pixels above 0, got ${stdPx}. To draw one scheme only, list it alone; to draw all alike, use a categorical distribution without weights.`,
    );
  }
}

/** The weights of the schemes, relative to the nearest one: far from all sizes the curve itself rounds to 0. */
export function gaussianWeights({ schemes, centrePx, stdPx }: GaussianSchemes): number[] {
  const distances = schemes.map(({ patchSize }) => Math.abs(meanSide(patchSize) - centrePx));
  const nearest = Math.min(...distances);
  return distances.map((distance) => Math.exp(((nearest - distance) * (nearest + distance)) / stdPx / stdPx / 2));
}
