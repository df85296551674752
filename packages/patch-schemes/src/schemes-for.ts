import { gridOf } from "./grid.ts";
import { patchScheme, type PatchScheme } from "./scheme.ts";
import { sizeOf, type Size } from "./size.ts";

export type SchemeLimits = {
  /** Fewest patches. Default 1. */
  minTokens?: number;
  /** Most patches; attention costs their square. Default: no limit. */
  maxTokens?: number;
  /** Largest ratio of a patch's longer side to its shorter one. Default 1: squares only; Infinity: any rectangle. */
  maxAspectRatio?: number;
  /** Patch length over stride, a whole number. Default 1: side by side; 2: neighbours share half of their pixels. */
  overlap?: number;
};

/** The ten patch sizes of the paper, in pixels at an image of 240 x 240: grids of 5, 6, 8, 10, 12, 15, 16, 20, 24 and 30. Source: arXiv 2212.08013 section 3. */
export const paperPatchSizesAt240Px: readonly number[] = [48, 40, 30, 24, 20, 16, 15, 12, 10, 8];

/**
 * Every scheme of one overlap that covers an image exactly, from the fewest tokens to the most.
 *
 * `schemesFor(240, { minTokens: 25, maxTokens: 900 })` gives the paper's ten sizes. With overlap, patches of
 * `overlap` strides fit where the stride divides the image.
 *
 * @param imageSize pixels: a number for squares, or [height, width].
 * @throws where the image or a limit is impossible. No scheme within the limits is an empty list.
 */
export function schemesFor(imageSize: number | Size, limits: SchemeLimits = {}): PatchScheme[] {
  const [height, width] = sizeOf(imageSize, "schemesFor(imageSize)");
  const { minTokens = 1, maxTokens = Infinity, maxAspectRatio = 1, overlap = 1 } = limits;
  if (!(minTokens <= maxTokens)) {
    throw new Error(`schemesFor(minTokens): expected at most maxTokens, ${maxTokens}, got ${minTokens}. Swap the two limits.`);
  }
  if (!(maxAspectRatio >= 1)) {
    throw new Error(`schemesFor(maxAspectRatio): expected at least 1, got ${maxAspectRatio}. 1 allows squares only, 2 also 16x8.`);
  }
  if (!(Number.isSafeInteger(overlap) && overlap >= 1)) {
    throw new Error(`schemesFor(overlap): expected a whole number of at least 1, got ${overlap}. 1 puts patches side by side, 2 shifts them by half a patch.`);
  }
  const tokensOf = (scheme: PatchScheme) => {
    const { gridHeight, gridWidth } = gridOf(scheme, [height, width]);
    return gridHeight * gridWidth;
  };
  const strides = (length: number) => divisors(length).filter((stride) => stride * overlap <= length);
  return strides(height)
    .flatMap((strideHeight) => strides(width).map((strideWidth): Size => [strideHeight, strideWidth]))
    .filter((stride) => Math.max(...stride) / Math.min(...stride) <= maxAspectRatio)
    .map(([strideHeight, strideWidth]) => patchScheme([overlap * strideHeight, overlap * strideWidth], [strideHeight, strideWidth]))
    .filter((scheme) => tokensOf(scheme) >= minTokens && tokensOf(scheme) <= maxTokens)
    .sort((a, b) => tokensOf(a) - tokensOf(b) || b.patchSize[0] - a.patchSize[0]);
}

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((candidate) => n % candidate === 0);
}
