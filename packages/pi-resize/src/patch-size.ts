/** A patch size in pixels: a number for squares, or [height, width]. */
export type PatchSize = number | readonly [height: number, width: number];

/** Height and width out of one number (a square) or two; throws where one is no whole number above 0. */
export function sizeOf(size: PatchSize, where: string): readonly [height: number, width: number] {
  const sides: readonly number[] = typeof size === "number" ? [size, size] : size;
  if (sides.length !== 2 || !sides.every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new Error(
      `${where}: expected whole pixels above 0, as 12 or [12, 10] (height, width), got ${JSON.stringify(size)}. Round the patch size to whole pixels.`,
    );
  }
  return [sides[0], sides[1]];
}
