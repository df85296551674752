import { SingularValueDecomposition, wrap } from "ml-matrix";
import { matrixOf, type Matrix } from "./matrix.ts";

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
  const { left, right, values } = decompose(matrix);
  const inverse = matrixOf(matrix.columns, matrix.rows, (row, column) =>
    values.reduce((sum, value, k) => sum + (right.get(row, k) * left.get(column, k)) / value, 0),
  );
  inverses.set(matrix, inverse);
  return inverse;
}

/** The singular values of a matrix above rounding noise, largest first: their number is the rank, first / last the condition number. */
export function singularValues(matrix: Matrix): number[] {
  return decompose(matrix).values;
}

function decompose({ rows, columns, values }: Matrix) {
  const dense = wrap(Array.from(values), { rows });
  const { diagonal, leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(dense, { autoTranspose: true });
  const noise = Math.max(rows, columns) * Number.EPSILON * diagonal[0];
  return { values: diagonal.filter((value) => value > noise), left: leftSingularVectors, right: rightSingularVectors };
}
