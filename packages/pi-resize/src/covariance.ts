import { matrixOf, type Matrix } from "@flexivit/resample";
import { sizeOf, type PatchSize } from "./patch-size.ts";

/**
 * Second moments of the pixels of a patch, as a product over its axes: E[x[i, j, c] x[k, l, d]] in proportion to
 * height[i][k] * width[j][l] * channels[c][d].
 *
 * Plain numbers at the size of the stored kernel, so that it can be stored beside the weights. Not centred: an
 * embedding sees the mean of a patch like everything else in it, and the mean holds most of its power. The scale is
 * free, since it cancels wherever these are used. So does `channels` in a resized kernel, which is the same for all
 * channels however they are correlated; only the error of a given kernel depends on it.
 */
export type SeparableCovariance = {
  /** [patchHeight, patchHeight] */
  readonly height: Rows;
  /** [patchWidth, patchWidth] */
  readonly width: Rows;
  /** [channels, channels]. Default: channels that are not correlated. */
  readonly channels?: Rows;
};

type Rows = readonly (readonly number[])[];

/**
 * A covariance for images that are not at hand: pixels k apart are correlated by correlation^k along either axis.
 *
 * @param size of the stored kernel: a number for squares, or [height, width]
 * @param correlation of neighbours, in (0, 1). In photographs of some hundred pixels a side it is 0.93 to 0.99.
 * @throws where the size or the correlation is impossible.
 */
export function imageLikeCovariance(size: PatchSize, correlation: number = 0.97): SeparableCovariance {
  const [height, width] = sizeOf(size, "imageLikeCovariance(size)");
  if (!(correlation > 0 && correlation < 1)) {
    throw new Error(`imageLikeCovariance(correlation): expected a number between 0 and 1, got ${correlation}. Take 0.97 for photographs.`);
  }
  const axis = (length: number) => Array.from({ length }, (_, i) => Array.from({ length }, (_, k) => correlation ** Math.abs(i - k)));
  return { height: axis(height), width: axis(width) };
}

const matrices = new WeakMap<Rows, Matrix>(); // so that what is computed from a covariance can be kept with it

/** Rows of numbers as a matrix, the same one each time. */
export function matrixOfRows(rows: Rows): Matrix {
  const known = matrices.get(rows);
  if (known) return known;
  const matrix = matrixOf(rows.length, rows.length, (row, column) => rows[row][column]);
  matrices.set(rows, matrix);
  return matrix;
}

/** Throws where the covariance is not that of patches of `size`, or of `channels` where those are counted. */
export function checkCovariance(covariance: SeparableCovariance, [height, width]: readonly [number, number], where: string, channels?: number): void {
  checkRows(covariance.height, height, `${where}(covariance.height)`, "pixels high");
  checkRows(covariance.width, width, `${where}(covariance.width)`, "pixels wide");
  if (covariance.channels && channels !== undefined) checkRows(covariance.channels, channels, `${where}(covariance.channels)`, "channels deep");
}

function checkRows(rows: Rows, length: number, where: string, unit: string): void {
  const lengths = Array.isArray(rows) ? rows.map((row: readonly number[]) => row.length) : []; // it may come out of a file
  const square = lengths.length === length && lengths.every((found) => found === length);
  if (square && rows.every((row) => row.every(Number.isFinite))) return;
  const size = lengths.length === 0 ? "none" : `[${lengths.length}, ${lengths.find((found) => found !== length) ?? length}]`;
  throw new Error(
    `${where}: expected [${length}, ${length}] numbers, as the stored kernel is ${length} ${unit}, got ${square ? "one that is not finite" : size}. ` +
      `Estimate it with patchCovariance at the kernel's size.`,
  );
}
