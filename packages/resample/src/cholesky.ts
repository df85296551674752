import type { Matrix } from "./matrix.ts";

/**
 * The solution X [n, k] of G X = B for a symmetric positive definite G [n, n] and B [n, k].
 *
 * @returns undefined where G is not positive definite. How far X is to be trusted is for the caller to check.
 */
export function solvePositiveDefinite(g: Matrix, b: Matrix): Matrix | undefined {
  const lower = cholesky(g);
  if (lower === undefined) return undefined;
  const [n, k] = [g.rows, b.columns];
  const x = Float64Array.from(b.values);
  const subtract = (row: number, other: number, factor: number) => {
    for (let column = 0; column < k; column++) x[row * k + column] -= factor * x[other * k + column];
  };
  const divide = (row: number) => {
    for (let column = 0; column < k; column++) x[row * k + column] /= lower[row * n + row];
  };
  for (let row = 0; row < n; row++) {
    for (let other = 0; other < row; other++) subtract(row, other, lower[row * n + other]);
    divide(row);
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let other = row + 1; other < n; other++) subtract(row, other, lower[other * n + row]);
    divide(row);
  }
  return { rows: n, columns: k, values: x };
}

/** The lower triangle L with L L' = G, row by row; undefined where a pivot is not above 0. */
function cholesky({ rows: n, values }: Matrix): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = values[row * n + column];
      for (let k = 0; k < column; k++) rest -= lower[row * n + k] * lower[column * n + k];
      if (column < row) lower[row * n + column] = rest / lower[column * n + column];
      else if (rest > 0) lower[row * n + row] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return lower;
}
