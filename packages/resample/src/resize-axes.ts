import * as tf from "@tensorflow/tfjs-core";
import { isIdentity, transpose, type Matrix } from "./matrix.ts";

/** A matrix [to, from] for one axis of a tensor. */
export type AxisResize = { readonly axis: number; readonly matrix: Matrix };

/**
 * A tensor with a matrix applied along each of some of its axes; the others are untouched.
 *
 * y[..., o, ...] = sum_i matrix[o, i] x[..., i, ...] per resized axis. Made of matrix products alone, so it is the
 * same on every engine; the gradient is the same with transposed matrices, and can be differentiated again.
 *
 * @param x float32, any rank; each resized axis has the length of its matrix's columns.
 * @throws where an axis does not exist, is given twice or has another length.
 */
export function resizeAxes<T extends tf.Tensor>(x: T, resizes: readonly AxisResize[]): T {
  check(x, resizes);
  const steps = cheapestFirst(resizes.filter(({ matrix }) => !isIdentity(matrix)));
  if (steps.length === 0) return tf.clone(x);
  const adjoint = steps.map(({ axis, matrix }) => ({ axis, matrix: transpose(matrix) }));
  const apply = tf.customGrad((input) => ({
    value: steps.reduce((value, step) => resizeAxis(value, step), input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => resizeAxes(dy, adjoint),
  }));
  return apply(x) as T;
}

/** Axes that shrink most come first: the products after them are smaller. */
function cheapestFirst(resizes: readonly AxisResize[]): AxisResize[] {
  const growth = ({ matrix }: AxisResize) => matrix.rows / matrix.columns;
  return [...resizes].sort((a, b) => growth(a) - growth(b));
}

function resizeAxis(x: tf.Tensor, { axis, matrix: { rows, columns, values } }: AxisResize): tf.Tensor {
  const before = product(x.shape.slice(0, axis));
  const after = product(x.shape.slice(axis + 1));
  const matrix = tf.tensor2d(Float32Array.from(values), [rows, columns]);
  const y = before === 1 ? tf.matMul(matrix, tf.reshape(unshared(x), [columns, after])) : tf.matMul(matrix, tf.reshape(x, [before, columns, after]));
  return tf.reshape(y, x.shape.with(axis, rows));
}

/**
 * On WebAssembly, a copy: matMul there remembers the right-hand factor by the identity of its data and not by its
 * shape, so data that was a factor in another shape (a patch kernel, flattened) would silently give a wrong product.
 */
function unshared(x: tf.Tensor): tf.Tensor {
  return tf.getBackend() === "wasm" ? tf.add(x, 0) : x;
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((size, length) => size * length, 1);
}

function check(x: tf.Tensor, resizes: readonly AxisResize[]): void {
  const seen = new Set<number>();
  for (const { axis, matrix } of resizes) {
    if (!Number.isInteger(axis) || axis < 0 || axis >= x.rank || seen.has(axis)) {
      throw new Error(
        `resizeAxes(resizes): expected distinct axes from 0 to ${x.rank - 1}, got ${resizes.map((resize) => resize.axis).join(", ")}. Name each axis of x once.`,
      );
    }
    seen.add(axis);
    if (x.shape[axis] !== matrix.columns) {
      throw new Error(
        `resizeAxes(x): expected length ${matrix.columns} on axis ${axis}, as the matrix [${matrix.rows}, ${matrix.columns}] takes, ` +
          `got shape [${x.shape.join(", ")}]. Make the matrix with resizeMatrix(${x.shape[axis]}, ...).`,
      );
    }
  }
}
