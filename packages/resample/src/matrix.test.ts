import { expect, test } from "vitest";
import { matrixOf, multiply, transpose } from "./matrix.ts";

test("[2, 3] times [3, 4] is the sum over 3, entry by entry", () => {
  const a = matrixOf(2, 3, (row, column) => [[1, 2, 0], [-1, 0, 3]][row][column]);
  const b = matrixOf(3, 4, (row, column) => [[1, 0, 2, 5], [0, 1, -1, 0], [4, 0, 0, 1]][row][column]);
  expect(multiply(a, b)).toEqual({ rows: 2, columns: 4, values: Float64Array.of(1, 2, 0, 5, 11, 0, -2, -2) });
  expect(transpose(multiply(a, b))).toEqual(multiply(transpose(b), transpose(a)));
});

test("factors that do not fit are refused", () => {
  const a = matrixOf(2, 3, () => 1);
  expect(() => multiply(a, a)).toThrow(new Error("multiply(b): expected 3 rows, as a is [2, 3], got [2, 3]. Transpose one of them."));
});
