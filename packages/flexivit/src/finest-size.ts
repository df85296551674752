import { gridOf, parseScheme, type Remainder } from "@flexivit/patch-schemes";

/** Of the patch sizes that a model was trained at, the one that cuts a picture into the most patches. */
export function finestSize({ patchSizes, imageSizePx }: { patchSizes: readonly string[]; imageSizePx: number }, remainder: Remainder): string {
  const tokens = (size: string): number => {
    const { gridHeight, gridWidth } = gridOf(parseScheme(size), imageSizePx, remainder);
    return gridHeight * gridWidth;
  };
  return patchSizes.toSorted((a, b) => tokens(b) - tokens(a))[0];
}
