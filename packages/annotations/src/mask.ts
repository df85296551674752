import type { Box } from "./box.ts";

/** Height and width in pixels. */
export type MaskSize = readonly [height: number, width: number];

/**
 * Which pixels of a picture belong to an object, as run lengths.
 *
 * Pixels are taken column by column, each from top to bottom. `counts` are the lengths of the runs, in turn outside and
 * inside the object; the first is outside and may be 0. They sum to height * width.
 */
export type Mask = { readonly height: number; readonly width: number; readonly counts: readonly number[] };

/**
 * The mask of the pixels that are not 0.
 *
 * @param pixels [height, width], row by row
 * @throws where there are not height * width pixels
 */
export function encodeMask(pixels: ArrayLike<number>, [height, width]: MaskSize): Mask {
  if (pixels.length !== height * width) {
    throw new Error(`encodeMask(pixels): expected ${height}x${width} = ${height * width} pixels, got ${pixels.length}. Check height and width.`);
  }
  const counts: number[] = [];
  let [run, inside] = [0, false];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((pixels[y * width + x] !== 0) !== inside) {
        counts.push(run);
        [run, inside] = [0, !inside];
      }
      run++;
    }
  }
  counts.push(run);
  return { height, width, counts };
}

/** [height, width], row by row: 1 inside the object, 0 outside. */
export function maskPixels({ height, width, counts }: Mask): Uint8Array {
  const pixels = new Uint8Array(height * width);
  for (const [start, end] of insideRuns(counts)) {
    for (let place = start; place < end; place++) pixels[(place % height) * width + Math.floor(place / height)] = 1;
  }
  return pixels;
}

/** The number of pixels inside. */
export function maskArea({ counts }: Mask): number {
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i];
  return area;
}

/** The smallest box `xywh` around the pixels inside, in whole pixels; zeros where there are none. */
export function maskBox({ height, counts }: Mask): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (const [start, end] of insideRuns(counts)) {
    const [firstColumn, lastColumn] = [Math.floor(start / height), Math.floor((end - 1) / height)];
    const spansColumns = lastColumn > firstColumn; // then it holds a column's bottom and the next one's top
    left = Math.min(left, firstColumn);
    right = Math.max(right, lastColumn);
    top = Math.min(top, spansColumns ? 0 : start % height);
    bottom = Math.max(bottom, spansColumns ? height - 1 : (end - 1) % height);
  }
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/** First place inside and first place after it, per run of at least one pixel inside. */
function* insideRuns(counts: readonly number[]): Generator<[start: number, end: number]> {
  let place = 0;
  for (let i = 0; i < counts.length; i++) {
    if (i % 2 === 1 && counts[i] > 0) yield [place, place + counts[i]];
    place += counts[i];
  }
}
