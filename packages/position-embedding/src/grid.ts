/** Patches per side: `gridHeight * gridWidth` of them, row by row. */
export type Grid = { readonly gridHeight: number; readonly gridWidth: number };

/** Returns the grid's sides; throws where one is no whole number above 0. */
export function sidesOf({ gridHeight, gridWidth }: Grid, where: string): readonly [gridHeight: number, gridWidth: number] {
  if (![gridHeight, gridWidth].every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new Error(
      `${where}: expected whole numbers of patches above 0, got { gridHeight: ${gridHeight}, gridWidth: ${gridWidth} }. ` +
        `Pass the grid of the tokens, as gridOf(scheme, imageSize) of @flexivit/patch-schemes gives it.`,
    );
  }
  return [gridHeight, gridWidth];
}
