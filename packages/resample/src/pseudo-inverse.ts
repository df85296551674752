import { SingularValueDecomposition, wrap } from "ml-matrix";
import { solvePositiveDefinite } from "./cholesky.ts";
import { multiply, transpose, type Matrix } from "./matrix.ts";

const inverses = new WeakMap<Matrix, Matrix>(); // lives as long as the matrix does

/**
 * The Moore-Penrose pseudo-inverse [columns, rows] of a matrix [rows, columns].
 *
 * Directions with a singular value below max(rows, columns) * 2^-52 of the largest are rounding noise and are
 * left out, so a rank-deficient matrix is safe. Results are kept as long as their matrix: do not write to them.
 */
export function pseudoInverse(matrix: Matrix): Matrix {
  const known = inverses.get(matrix);
  if (known) return known;
  const wide = matrix.rows <= matrix.columns;
  const inverse = (wide ? rightInverse(matrix) : transposed(rightInverse(transpose(matrix)))) ?? inverseByDirections(matrix);
  inverses.set(matrix, inverse);
  return inverse;
}

/** The singular values of a matrix above rounding noise, largest first: their number is the rank, first / last the condition number. */
export function singularValues(matrix: Matrix): number[] {
  return decompose(matrix).values;
}

/**
 * X = A' (A A')^-1 for a matrix A of at most as many rows as columns; undefined where A X is not 1.
 *
 * Resizes are far from singular and take this way, ten times as fast as singular values. X lies in the row space of A,
 * so A X = 1 within `noise` proves that it is the pseudo-inverse within noise / (smallest singular value).
 */
function rightInverse(a: Matrix): Matrix | undefined {
  const noise = 1e-13;
  const solved = solvePositiveDefinite(multiply(a, transpose(a)), a);
  if (solved === undefined) return undefined;
  const inverse = transpose(solved);
  const one = multiply(a, inverse).values;
  return one.every((value, i) => Math.abs(value - (i % (a.rows + 1) === 0 ? 1 : 0)) < noise) ? inverse : undefined;
}

function transposed(matrix: Matrix | undefined): Matrix | undefined {
  return matrix && transpose(matrix);
}

/** sum_k right_k left_k' / value_k over the directions above rounding noise. */
function inverseByDirections(matrix: Matrix): Matrix {
  const { left, right, values } = decompose(matrix);
  const scaled = { ...right, values: right.values.map((value, i) => (i % right.columns < values.length ? value / values[i % right.columns] : 0)) };
  return multiply(scaled, transpose(left));
}

function decompose({ rows, columns, values }: Matrix) {
  const dense = wrap(Array.from(values), { rows });
  const { diagonal, leftSingularVectors: left, rightSingularVectors: right } = new SingularValueDecomposition(dense, { autoTranspose: true });
  const noise = Math.max(rows, columns) * Number.EPSILON * diagonal[0];
  return { values: diagonal.filter((value) => value > noise), left: flat(left), right: flat(right) };
}

function flat(matrix: { rows: number; columns: number; to1DArray(): number[] }): Matrix {
  return { rows: matrix.rows, columns: matrix.columns, values: Float64Array.from(matrix.to1DArray()) };
}
