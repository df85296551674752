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

/** The product [a.rows, b.columns] of two matrices; throws where the columns of the first are not the rows of the second. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) {
    throw new Error(`multiply(b): expected ${a.columns} rows, as a is [${a.rows}, ${a.columns}], got [${b.rows}, ${b.columns}]. Transpose one of them.`);
  }
  const values = new Float64Array(a.rows * b.columns);
  for (let row = 0; row < a.rows; row++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[row * a.columns + k];
      if (factor === 0) continue; // resize matrices are sparse
      for (let column = 0; column < b.columns; column++) values[row * b.columns + column] += factor * b.values[k * b.columns + column];
    }
  }
  return { rows: a.rows, columns: b.columns, values };
}

/** Whether a matrix changes nothing. */
export function isIdentity({ rows, columns, values }: Matrix): boolean {
  return rows === columns && values.every((value, i) => value === (i % (columns + 1) === 0 ? 1 : 0));
}
