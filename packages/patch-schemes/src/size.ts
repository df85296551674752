/** Height and width in pixels (or in cells of a feature map). */
export type Size = readonly [height: number, width: number];

/**
 * The size that a text names: "12" is 12 x 12, "12x10" is 12 high and 10 wide.
 *
 * @throws where the text is anything else.
 */
export function parseSize(text: string): Size {
  const found = /^(\d+)(?:x(\d+))?$/i.exec(text.trim());
  const height = Number(found?.[1]);
  const width = Number(found?.[2] ?? found?.[1]);
  if (!isLength(height) || !isLength(width)) {
    throw new Error(
      `parseSize(text): expected whole pixels as "12" or "12x10" (height x width), got "${text}". Write one number, or two joined by an x.`,
    );
  }
  return [height, width];
}

/** "12" for a square, "12x10" for any other size: what {@link parseSize} reads. */
export function formatSize([height, width]: Size): string {
  return height === width ? `${height}` : `${height}x${width}`;
}

/** "12x10", for squares too: what error messages say. */
export function bothSides([height, width]: Size): string {
  return `${height}x${width}`;
}

/**
 * A size out of one number (a square) or two.
 *
 * @param where the function and its argument as the error names them: "gridOf(imageSize)".
 * @throws where a side is not a whole number above 0.
 */
export function sizeOf(size: number | Size, where: string): Size {
  const sides: readonly number[] = typeof size === "number" ? [size, size] : size;
  if (!Array.isArray(sides) || sides.length !== 2 || !sides.every(isLength)) {
    throw new Error(
      `${where}: expected whole pixels above 0, as 12 or [12, 10] (height, width), got ${JSON.stringify(size)}. Round the sizes to whole pixels.`,
    );
  }
  return [sides[0], sides[1]];
}

/** The geometric mean of both sides: the side of the square of the same area. */
export function meanSide([height, width]: Size): number {
  return Math.sqrt(height * width);
}

function isLength(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
