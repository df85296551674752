import { covarianceFactor, multiply, pseudoInverse, resizeMatrix, transpose, type Matrix } from "@flexivit/resample";
import { matrixOfRows } from "./covariance.ts";
import type { KernelResize } from "./kernel-resize.ts";

const adjoints = new WeakMap<Matrix, Matrix>();
const weighted = new WeakMap<Matrix, WeakMap<Matrix, Matrix>>();

/** The matrix [to, from] that the height or the width of a kernel is multiplied by. Kept and shared: do not write to it. */
export function kernelMatrix(axis: "height" | "width", from: number, to: number, { method, interpolation, covariance }: KernelResize): Matrix {
  const resize = resizeMatrix(from, to, interpolation);
  if (method !== "pi" || from === to) return resize;
  if (covariance === undefined) return kept(adjoints, resize, () => transpose(pseudoInverse(resize)));
  const pixels = matrixOfRows(covariance[axis]);
  return kept(kept(weighted, pixels, () => new WeakMap<Matrix, Matrix>()), resize, () => weightedMatrix(resize, pixels));
}

/**
 * The matrix (R S R')^+ R S [to, from]: w_new = matrix w has the least E[(w' x - w_new' R x)^2] over patches with E[x x'] = S.
 *
 * With S = L L' the error is |L' w - (R L)' w_new|^2, so that is pinv((R L)') L': the same numbers from a
 * square root of the condition number.
 */
function weightedMatrix(resize: Matrix, pixels: Matrix): Matrix {
  const factor = covarianceFactor(pixels);
  return multiply(pseudoInverse(transpose(multiply(resize, factor))), transpose(factor));
}

/** The value of a key, made the first time. */
export function kept<Value>(values: WeakMap<Matrix, Value>, key: Matrix, make: () => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  const value = make();
  values.set(key, value);
  return value;
}
