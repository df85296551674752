import { expect, test } from "vitest";
import type { Interpolation } from "./interpolation.ts";
import { matrixOf, multiply as times, transpose, type Matrix } from "./matrix.ts";
import { pseudoInverse, singularValues } from "./pseudo-inverse.ts";
import { resizeMatrix } from "./resize-matrix.ts";

const kernels: Interpolation[] = (["bilinear", "bicubic", "area"] as const).flatMap((kernel) =>
  [false, true].map((antialias): Interpolation => ({ kernel, antialias, alignment: "half-pixel" })),
);

function largestDifference(a: Matrix, b: Matrix): number {
  expect([a.rows, a.columns]).toEqual([b.rows, b.columns]);
  return Array.from(a.values).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.values[i])), 0);
}

const sizes = [1, 2, 3, 5, 8, 13, 30, 32, 47, 48];
// Condition numbers stay below 5, so float64 leaves about 1e-14.
const noise = 1e-13;

test.each(kernels)("the four Moore-Penrose conditions hold for $kernel, antialias $antialias, between all sizes up to 48", (interpolation) => {
  for (const from of sizes) {
    for (const to of sizes) {
      const a = resizeMatrix(from, to, interpolation);
      const inverse = pseudoInverse(a);
      expect(largestDifference(times(times(a, inverse), a), a)).toBeLessThan(noise);
      expect(largestDifference(times(times(inverse, a), inverse), inverse)).toBeLessThan(noise);
      expect(largestDifference(transpose(times(a, inverse)), times(a, inverse))).toBeLessThan(noise);
      expect(largestDifference(transpose(times(inverse, a)), times(inverse, a))).toBeLessThan(noise);
    }
  }
});

test("the inverse of a growing resize undoes it", () => {
  for (const [from, to] of [[1, 5], [3, 7], [30, 32], [47, 48]]) {
    for (const interpolation of kernels) {
      const a = resizeMatrix(from, to, interpolation);
      expect(largestDifference(times(pseudoInverse(a), a), resizeMatrix(from, from, interpolation))).toBeLessThan(noise);
    }
  }
});

test("the identity is its own inverse, bit by bit", () => {
  const identity = resizeMatrix(7, 7, kernels[0]);
  expect(pseudoInverse(identity)).toEqual(identity);
});

test("rounding noise is not inverted: a rank-1 matrix with noise of 1e-17 keeps its exact pseudo-inverse", () => {
  const rankOne = matrixOf(3, 2, (row, column) => (row + 1) * (column + 2)); // u v', u = [1, 2, 3], v = [2, 3]
  const noisy = matrixOf(3, 2, (row, column) => rankOne.values[row * 2 + column] + (row === column ? 1e-17 : 0));
  const exact = matrixOf(2, 3, (row, column) => ((row + 2) * (column + 1)) / (14 * 13)); // v u' / (|u|^2 |v|^2)
  expect(largestDifference(pseudoInverse(noisy), exact)).toBeLessThan(1e-16);
  expect(singularValues(noisy)).toHaveLength(1);
  expect(singularValues(noisy)[0]).toBeCloseTo(Math.sqrt(14 * 13), 12);
});

test("a matrix whose square root of a condition number is all that float64 leaves is inverted along its directions: Hilbert's 6x6 and 6x4", () => {
  // The inverse of Hilbert's matrix is known in whole numbers; its condition number is 1.5e7, so products A A' keep no digit of it.
  const hilbert = matrixOf(6, 6, (row, column) => 1 / (row + column + 1));
  const inverse = pseudoInverse(hilbert);
  expect(inverse.values[0] / 36).toBeCloseTo(1, 7);
  expect(inverse.values[7] / 14_700).toBeCloseTo(1, 7);
  expect(inverse.values[35] / 698_544).toBeCloseTo(1, 7);
  const tall = matrixOf(6, 4, (row, column) => 1 / (row + column + 1));
  for (const a of [tall, transpose(tall)]) {
    const product = a.rows > a.columns ? times(pseudoInverse(a), a) : times(a, pseudoInverse(a));
    expect(largestDifference(product, matrixOf(4, 4, (row, column) => (row === column ? 1 : 0)))).toBeLessThan(1e-11);
    expect(largestDifference(transpose(pseudoInverse(a)), pseudoInverse(transpose(a)))).toBeLessThan(1e-6); // of entries up to 1e4
  }
});

test("singular values come largest first: diag(2, 7, 0, 3) has 7, 3, 2", () => {
  const diagonal = matrixOf(4, 4, (row, column) => (row === column ? [2, 7, 0, 3][row] : 0));
  expect(singularValues(diagonal).map((value) => Number(value.toFixed(12)))).toEqual([7, 3, 2]);
});

test("an inverse is computed once per matrix", () => {
  const a = resizeMatrix(5, 3, kernels[0]);
  expect(pseudoInverse(a)).toBe(pseudoInverse(a));
});
