import { expect, test } from "vitest";
import { solvePositiveDefinite } from "./cholesky.ts";
import { matrixOf, multiply } from "./matrix.ts";

test("X solves G X = B for a G of 5 correlated pixels and 3 right-hand sides", () => {
  const g = matrixOf(5, 5, (row, column) => 0.8 ** Math.abs(row - column) + (row === column ? row / 10 : 0));
  const b = matrixOf(5, 3, (row, column) => Math.sin(1 + row * 3 + column));
  const x = solvePositiveDefinite(g, b);
  expect(x && [x.rows, x.columns]).toEqual([5, 3]);
  for (const [i, value] of multiply(g, x ?? b).values.entries()) expect(value).toBeCloseTo(b.values[i], 14);
});

test("a matrix of rank 1 and one that is not positive have no solution here", () => {
  const b = matrixOf(2, 1, () => 1);
  expect(solvePositiveDefinite(matrixOf(2, 2, () => 1), b)).toBeUndefined();
  expect(solvePositiveDefinite(matrixOf(2, 2, (row, column) => (row === column ? 1 : 2)), b)).toBeUndefined();
});
