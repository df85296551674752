/** A matrix of float64, row by row: `values[row * columns + column]`. Matrices are shared by a cache: read them, never write. */
export type Matrix = { readonly rows: number; readonly columns: number; readonly values: Readonly<Float64Array> };

/** The matrix whose `entry(row, column)` is given. */
export function matrixOf(rows: number, columns: number, entry: (row: number, column: number) => number): Matrix {
  return { rows, columns, values: Float64Array.from({ length: rows * columns }, (_, i) => entry(Math.floor(i / columns), i % columns)) };
}

/** The transpose: [rows, columns] becomes [columns, rows]. */
export function transpose({ rows, columns, values }: Matrix): Matrix {
  return matrixOf(columns, rows, (row, column) => values[column * columns + row]);
}

/** Whether a matrix changes nothing. */
export function isIdentity({ rows, columns, values }: Matrix): boolean {
  return rows === columns && values.every((value, i) => value === (i % (columns + 1) === 0 ? 1 : 0));
}
