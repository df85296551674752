import { expect, test } from "vitest";
import { covarianceFactor } from "./covariance-factor.ts";
import { matrixOf, multiply, transpose, type Matrix } from "./matrix.ts";

const worst = (a: Matrix, b: Matrix) => Math.max(...a.values.map((value, i) => Math.abs(value - b.values[i])));

test("a factor times its transpose is the covariance, of 7 correlated pixels and of rank 2 in 5", () => {
  const correlated = matrixOf(7, 7, (row, column) => 0.9 ** Math.abs(row - column));
  const factor = covarianceFactor(correlated);
  expect(worst(multiply(factor, transpose(factor)), correlated)).toBeLessThan(1e-14);
  const few = matrixOf(5, 2, (row, column) => Math.sin(1 + row * 3 + column));
  const lowRank = multiply(few, transpose(few));
  expect(covarianceFactor(lowRank).columns).toBe(2);
  expect(worst(multiply(covarianceFactor(lowRank), transpose(covarianceFactor(lowRank))), lowRank)).toBeLessThan(1e-14);
});

test("the factor of a matrix is made once", () => {
  const covariance = matrixOf(2, 2, (row, column) => (row === column ? 2 : 1));
  expect(covarianceFactor(covariance)).toBe(covarianceFactor(covariance));
});

test("what is no covariance is refused: not square, not symmetric, of a negative variance or of none", () => {
  expect(() => covarianceFactor(matrixOf(2, 3, () => 1))).toThrow(
    new Error("covarianceFactor(covariance): expected as many rows as columns, got [2, 3]. Give one row per pixel."),
  );
  expect(() => covarianceFactor(matrixOf(2, 2, (row, column) => [[2, 1], [0.5, 2]][row][column]))).toThrow(
    new Error(
      "covarianceFactor(covariance): expected the same numbers on both sides of the diagonal, got 1 at [0, 1] and 0.5 at [1, 0]. " +
        "Estimate it as a mean of x x'.",
    ),
  );
  expect(() => covarianceFactor(matrixOf(2, 2, (row, column) => (row === column ? 1 : 3)))).toThrow(
    new Error("covarianceFactor(covariance): expected no negative variance and one above 0, got -2.00 to 4.00. Estimate it as a mean of x x'."),
  );
  expect(() => covarianceFactor(matrixOf(3, 3, () => 0))).toThrow("expected no negative variance and one above 0, got 0.00 to 0.00.");
  expect(() => covarianceFactor(matrixOf(1, 1, () => NaN))).toThrow("expected the same numbers on both sides of the diagonal, got NaN at [0, 0]");
});
