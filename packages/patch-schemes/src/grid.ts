import type { PatchScheme } from "./scheme.ts";
import { bothSides, sizeOf, type Size } from "./size.ts";

/** Patches per side: `gridHeight * gridWidth` of them, row by row. */
export type Grid = { gridHeight: number; gridWidth: number };

/** What to do with pixels that the last whole patch leaves over: refuse, or leave them out at the bottom and right. */
export type Remainder = "error" | "crop";

const axisNames = ["height", "width"] as const;

/**
 * The grid of patches that a scheme cuts out of an image.
 *
 * Per side: floor((image - patch) / stride) + 1.
 *
 * @param imageSize pixels: a number for squares, or [height, width].
 * @param remainder "crop" is what a convolution without padding does (big_vision); "error" is the default.
 * @throws where the patch is larger than the image, or leaves pixels over and `remainder` is "error".
 */
export function gridOf(scheme: PatchScheme, imageSize: number | Size, remainder: Remainder = "error"): Grid {
  const image = sizeOf(imageSize, "gridOf(imageSize)");
  const { patchSize, stride } = scheme;
  if (patchSize[0] > image[0] || patchSize[1] > image[1]) throw tooLarge(patchSize, image);
  if (remainder !== "crop" && remainder !== "error") {
    throw new Error(`gridOf(remainder): expected one of error, crop, got "${String(remainder)}". Pass one of these names.`);
  }
  const left = [leftOver(scheme, image, 0), leftOver(scheme, image, 1)];
  if (remainder === "error" && (left[0] > 0 || left[1] > 0)) throw leavesPixels(scheme, image, left);
  return {
    gridHeight: (image[0] - left[0] - patchSize[0]) / stride[0] + 1,
    gridWidth: (image[1] - left[1] - patchSize[1]) / stride[1] + 1,
  };
}

function leftOver({ patchSize, stride }: PatchScheme, image: Size, axis: 0 | 1): number {
  return (image[axis] - patchSize[axis]) % stride[axis];
}

function tooLarge(patchSize: Size, image: Size): Error {
  const fits = bothSides([Math.min(patchSize[0], image[0]), Math.min(patchSize[1], image[1])]);
  const enough = bothSides([Math.max(patchSize[0], image[0]), Math.max(patchSize[1], image[1])]);
  return new Error(
    `gridOf(imageSize): expected an image no smaller than one patch of ${bothSides(patchSize)} pixels, got ${bothSides(image)}. ` +
      `Use patches of at most ${fits}, or resize the image to at least ${enough}.`,
  );
}

function leavesPixels(scheme: PatchScheme, image: Size, left: readonly number[]): Error {
  const { patchSize, stride } = scheme;
  const uneven = ([0, 1] as const).filter((axis) => left[axis] > 0);
  const overlaps = stride[0] !== patchSize[0] || stride[1] !== patchSize[1];
  const pixels = uneven.map((axis) => `${count(left[axis], "pixel")} in ${axisNames[axis]}`);
  const images = uneven.map((axis) => {
    const below = image[axis] - left[axis];
    return `${axisNames[axis]} ${below} or ${below + stride[axis]}`;
  });
  const patches = uneven.map((axis) => `${axisNames[axis]} ${nearestDivisors(image[axis], patchSize[axis]).join(" or ")}`);
  const remedies = [
    `Resize the image to ${images.join(" and ")}`,
    ...(overlaps ? [] : [`use patches of ${patches.join(" and ")}`]),
    `or pass remainder "crop" to leave these pixels out`,
  ];
  return new Error(
    `gridOf(imageSize): expected patches of ${bothSides(patchSize)}${overlaps ? ` with stride ${bothSides(stride)}` : ""} ` +
      `to cover the image ${bothSides(image)}, got a remainder of ${pixels.join(" and ")}. ${remedies.join(", ")}.`,
  );
}

/** The patch lengths next to `patch`, below and above, that divide `image`. */
function nearestDivisors(image: number, patch: number): number[] {
  let below = patch;
  while (image % below !== 0) below--;
  let above = patch;
  while (image % above !== 0) above++;
  return [below, above];
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}
