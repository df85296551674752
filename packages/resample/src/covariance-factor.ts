import { EigenvalueDecomposition, wrap } from "ml-matrix";
import { matrixOf, type Matrix } from "./matrix.ts";

const factors = new WeakMap<Matrix, Matrix>();

/**
 * A factor L [n, rank] of a covariance [n, n]: L L' = covariance.
 *
 * Its columns are the principal directions times their standard deviations; those whose variance is below
 * n * 2^-52 of the largest are rounding noise and are left out. Results are kept as long as their matrix.
 *
 * @throws where the matrix is not symmetric within 1e-9 of its largest entry, or a variance is negative beyond that.
 */
export function covarianceFactor(covariance: Matrix): Matrix {
  const known = factors.get(covariance);
  if (known) return known;
  checkSymmetric(covariance);
  const { rows: n, values } = covariance;
  const { realEigenvalues: variances, eigenvectorMatrix: directions } = new EigenvalueDecomposition(wrap(Array.from(values), { rows: n }), {
    assumeSymmetric: true,
  });
  const largest = Math.max(...variances);
  const smallest = Math.min(...variances);
  if (!(largest > 0) || smallest < -tolerance * largest) {
    throw new Error(
      `covarianceFactor(covariance): expected no negative variance and one above 0, got ${smallest.toPrecision(3)} to ${largest.toPrecision(3)}. ` +
        `Estimate it as a mean of x x'.`,
    );
  }
  const kept = [...variances.keys()].filter((k) => variances[k] > n * Number.EPSILON * largest);
  const factor = matrixOf(n, kept.length, (row, column) => directions.get(row, kept[column]) * Math.sqrt(variances[kept[column]]));
  factors.set(covariance, factor);
  return factor;
}

const tolerance = 1e-9; // a covariance that was summed in another order, or written with ten digits

function checkSymmetric({ rows, columns, values }: Matrix): void {
  if (rows !== columns) {
    throw new Error(`covarianceFactor(covariance): expected as many rows as columns, got [${rows}, ${columns}]. Give one row per pixel.`);
  }
  const largest = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
  const wrong = values.findIndex((value, i) => !(Math.abs(value - values[(i % columns) * columns + Math.floor(i / columns)]) <= tolerance * largest));
  if (wrong < 0) return;
  const [row, column] = [Math.floor(wrong / columns), wrong % columns];
  throw new Error(
    `covarianceFactor(covariance): expected the same numbers on both sides of the diagonal, got ${values[wrong]} at [${row}, ${column}] ` +
      `and ${values[column * columns + row]} at [${column}, ${row}]. Estimate it as a mean of x x'.`,
  );
}
