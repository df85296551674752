import { checkInterpolation, type Interpolation } from "./interpolation.ts";
import { MatrixCache } from "./matrix-cache.ts";
import { matrixOf, type Matrix } from "./matrix.ts";

const cache = new MatrixCache(2 ** 20); // 8 MiB: some 500 pairs of sizes up to 48

/**
 * The matrix [to, from] that resamples a row of `from` samples to `to` samples.
 *
 * Output o samples the input at (o + 1/2) * from / to - 1/2 ("half-pixel") or o * (from - 1) / (to - 1) ("corner"),
 * with the weights of the kernel around that point. Every row sums to 1. Equal sizes give the identity.
 * - without antialias, taps beyond an end count for the end's sample; bicubic is Keys' with a = -0.75;
 * - with antialias, the kernel is stretched by from / to where that is above 1, cut off at the ends and
 *   renormalised; bicubic is Keys' with a = -0.5, also where the axis grows.
 *
 * Matrices are cached and shared: do not write to `values`.
 *
 * @throws where a length is no whole number above 0, or the interpolation does not exist.
 * Source: `tf.image.resize` (TF 2), `jax.image.resize`, `torch.nn.functional.interpolate`, `scipy.ndimage.zoom` order 1;
 * R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
 */
export function resizeMatrix(from: number, to: number, interpolation: Interpolation): Matrix {
  const { kernel, antialias, alignment } = interpolation;
  return cache.get(`${from} ${to} ${kernel} ${antialias} ${alignment}`, () => {
    checkLength(from, "resizeMatrix(from)");
    checkLength(to, "resizeMatrix(to)");
    checkInterpolation(interpolation, "resizeMatrix");
    if (kernel === "area") return areaMatrix(from, to);
    return antialias ? stretchedMatrix(from, to, kernel) : tapsMatrix(from, to, interpolation);
  });
}

/** Weights of the neighbours of each sampling point; taps outside fall on the ends. */
function tapsMatrix(from: number, to: number, { kernel, alignment }: Interpolation): Matrix {
  const reach = kernel === "bilinear" ? 1 : 2;
  const weightAt = kernel === "bilinear" ? triangle : (t: number) => keys(t, -0.75);
  const values = new Float64Array(to * from);
  for (let o = 0; o < to; o++) {
    const centre = alignment === "corner" ? cornerCentre(o, from, to) : halfPixelCentre(o, from, to);
    const first = Math.floor(centre) - reach + 1;
    for (let tap = first; tap < first + 2 * reach; tap++) {
      const inside = Math.min(Math.max(tap, 0), from - 1);
      values[o * from + inside] += weightAt(tap - centre);
    }
  }
  return { rows: to, columns: from, values };
}

/** Weights of all samples under the stretched kernel, renormalised per row. */
function stretchedMatrix(from: number, to: number, kernel: "bilinear" | "bicubic"): Matrix {
  const stretch = Math.max(1, from / to);
  const weightAt = kernel === "bilinear" ? triangle : (t: number) => keys(t, -0.5);
  return normalised(matrixOf(to, from, (o, i) => weightAt((i - halfPixelCentre(o, from, to)) / stretch)));
}

/** Share of output pixel o, [o, o + 1] * from / to, that input pixel i, [i, i + 1], covers. */
function areaMatrix(from: number, to: number): Matrix {
  // In units of 1 / to input pixels, so that the edges are whole numbers.
  return matrixOf(to, from, (o, i) => Math.max(0, Math.min((o + 1) * from, (i + 1) * to) - Math.max(o * from, i * to)) / from);
}

function normalised({ rows, columns, values }: Matrix): Matrix {
  const sums = Array.from({ length: rows }, (_, o) => values.slice(o * columns, (o + 1) * columns).reduce((sum, weight) => sum + weight, 0));
  return matrixOf(rows, columns, (o, i) => values[o * columns + i] / sums[o]);
}

function halfPixelCentre(o: number, from: number, to: number): number {
  return ((2 * o + 1) * from) / (2 * to) - 0.5;
}

function cornerCentre(o: number, from: number, to: number): number {
  return to === 1 ? 0 : (o * (from - 1)) / (to - 1);
}

function triangle(t: number): number {
  return Math.max(0, 1 - Math.abs(t));
}

/** Keys' cubic: 1 at 0, 0 at the other whole numbers and beyond 2; `a` is its slope at 1. */
function keys(t: number, a: number): number {
  const x = Math.abs(t);
  if (x >= 2) return 0;
  if (x > 1) return a * (((x - 5) * x + 8) * x - 4);
  return ((a + 2) * x - (a + 3)) * x * x + 1;
}

function checkLength(length: number, where: string): void {
  if (Number.isSafeInteger(length) && length > 0) return;
  throw new Error(`${where}: expected a whole number of samples above 0, got ${length}. Round the size to whole pixels or cells.`);
}
