import { matrixOf, multiply, transpose, type Matrix } from "@flexivit/resample";

/** What one axis of a resize does to tokens, in the traces that the error of both axes is made of. */
export type AxisError = {
  /** Largest entry of 1 - R'M: 0 where every token stays, whatever the patch and the kernel. */
  worst: number;
  /** tr(S), of the tokens themselves. */
  total: number;
  /** tr(E' S E) with E = 1 - R'M */
  error: number;
  /** tr(E' S D) with D = R'M */
  cross: number;
  /** tr(D' S D) */
  kept: number;
  /** tr(S E) */
  lost: number;
};

/**
 * The traces of one axis whose patches are resized by R [to, from] and whose kernels by M [to, from].
 *
 * @param covariance S [from, from] of the patches. Default: white.
 */
export function axisError(patchResize: Matrix, kernelResize: Matrix, covariance: Matrix = identity(patchResize.columns)): AxisError {
  const kept = multiply(transpose(patchResize), kernelResize);
  const lost = matrixOf(kept.rows, kept.columns, (row, column) => (row === column ? 1 : 0) - kept.values[row * kept.columns + column]);
  const [seenKept, seenLost] = [multiply(covariance, kept), multiply(covariance, lost)];
  return {
    worst: lost.values.reduce((found, value) => Math.max(found, Math.abs(value)), 0),
    total: trace(covariance),
    error: inner(lost, seenLost),
    cross: inner(lost, seenKept),
    kept: inner(kept, seenKept),
    lost: trace(seenLost),
  };
}

/**
 * sqrt(E|token error|^2 / E|token|^2) of a resize of both axes, over kernels of independent weights.
 *
 * The error 1 - D_height x D_width is E_height x 1 + D_height x E_width, whose square is a sum of products over the
 * axes. Nothing of order 1 cancels in it, so small errors come out right.
 */
export function expectedTokenError(height: AxisError, width: AxisError): number {
  const error = height.error * width.total + 2 * height.cross * width.lost + height.kept * width.error;
  return Math.sqrt(Math.max(0, error) / (height.total * width.total));
}

function identity(size: number): Matrix {
  return matrixOf(size, size, (row, column) => (row === column ? 1 : 0));
}

function trace({ rows, columns, values }: Matrix): number {
  return Array.from({ length: rows }, (_, i) => values[i * columns + i]).reduce((sum, value) => sum + value, 0);
}

function inner(a: Matrix, b: Matrix): number {
  return a.values.reduce((sum, value, i) => sum + value * b.values[i], 0);
}
