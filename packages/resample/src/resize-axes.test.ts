import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Interpolation } from "./interpolation.ts";
import { matrixOf, type Matrix } from "./matrix.ts";
import { resizeAxes } from "./resize-axes.ts";
import { resizeMatrix } from "./resize-matrix.ts";

const bilinear: Interpolation = { kernel: "bilinear", antialias: false, alignment: "half-pixel" };

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** y[..., o, ...] = sum_i matrix[o, i] x[..., i, ...], index by index in float64. */
function applied(x: tf.Tensor, axis: number, { rows, columns, values }: Matrix): { shape: number[]; data: Float64Array } {
  const shape = x.shape.with(axis, rows);
  const after = x.shape.slice(axis + 1).reduce((size, length) => size * length, 1);
  const data = new Float64Array(shape.reduce((size, length) => size * length, 1));
  const from = x.dataSync();
  for (const [index] of data.entries()) {
    const [inner, o, outer] = [index % after, Math.floor(index / after) % rows, Math.floor(index / after / rows)];
    for (let i = 0; i < columns; i++) data[index] += values[o * columns + i] * from[(outer * columns + i) * after + inner];
  }
  return { shape, data };
}

const odd = (rows: number, columns: number) => matrixOf(rows, columns, (row, column) => Math.sin(1 + row * 2.3 + column * column));

test("equal sizes change nothing, bit by bit, and give a tensor of the caller's own", () => {
  const x = tf.randomNormal([3, 5, 2], 0, 1, "float32", 7);
  const same = resizeAxes(x, [{ axis: 0, matrix: resizeMatrix(3, 3, bilinear) }, { axis: 1, matrix: resizeMatrix(5, 5, bilinear) }]);
  expectClose(same, x);
  same.dispose();
  expect(x.isDisposed).toBe(false);
});

test.each([0, 1, 2, 3])("axis %i of four is multiplied by its matrix, the others stay", (axis) => {
  const x = tf.randomNormal([2, 3, 5, 7], 0, 1, "float32", 3);
  const matrix = odd(4, x.shape[axis]);
  // Sums of up to 7 float32 products.
  expectClose(resizeAxes(x, [{ axis, matrix }]), applied(x, axis, matrix), { relative: 1e-6 });
});

test("two axes commute: growing one and shrinking the other gives the same in either order", () => {
  const x = tf.randomNormal([5, 3, 2], 0, 1, "float32", 5);
  const height = { axis: 0, matrix: odd(2, 5) };
  const width = { axis: 1, matrix: odd(7, 3) };
  const both = resizeAxes(x, [height, width]);
  expect(both.shape).toEqual([2, 7, 2]);
  expectClose(resizeAxes(x, [width, height]), both, { relative: 1e-6 });
  expectClose(resizeAxes(resizeAxes(x, [width]), [height]), both, { relative: 1e-6 });
});

test("a tensor that was a factor of a matMul in another shape before is resized all the same", () => {
  const x = tf.randomNormal([6, 4, 2], 0, 1, "float32", 19);
  const one = tf.randomNormal([1, 6, 8], 0, 1, "float32", 23);
  const cases = [{ x, axis: 0 }, { x: one, axis: 0 }, { x: one, axis: 1 }];
  for (const { x, axis } of cases) {
    tf.matMul(tf.ones([3, 12]), tf.reshape(x, [12, x.size / 12])); // the embedding of a patch by this kernel, say
    const matrix = odd(5, x.shape[axis]);
    expectClose(resizeAxes(x, [{ axis, matrix }]), applied(x, axis, matrix), { relative: 1e-6 });
  }
});

test("a vector and its only axis", () => {
  expectClose(resizeAxes(tf.tensor1d([1, 2, 4]), [{ axis: 0, matrix: matrixOf(2, 3, (row, column) => row + column) }]), [10, 17]);
});

test("the gradient is the transposed matrices, as finite differences show", () => {
  const x = tf.randomNormal([5, 3, 2], 0, 1, "float32", 11);
  const resizes = [{ axis: 0, matrix: odd(2, 5) }, { axis: 1, matrix: odd(7, 3) }];
  checkGradient((input) => resizeAxes(input, resizes), [x]);
});

test("the gradient can be differentiated again: of |A x|^2 it is 2 A'A x, whose gradient is 2 A'A", () => {
  const x = tf.randomNormal([5, 2], 0, 1, "float32", 13);
  const resizes = [{ axis: 0, matrix: odd(3, 5) }];
  const energyGradient = (input: tf.Tensor) => tf.grad((y: tf.Tensor) => tf.sum(tf.square(resizeAxes(y, resizes))).asScalar())(input);
  checkGradient(energyGradient, [x]);
});

test("an axis of another length, one that does not exist and one given twice are refused", () => {
  const x = tf.zeros([5, 3]);
  expect(() => resizeAxes(x, [{ axis: 1, matrix: odd(2, 4) }])).toThrow(
    new Error(
      "resizeAxes(x): expected length 4 on axis 1, as the matrix [2, 4] takes, got shape [5, 3]. Make the matrix with resizeMatrix(3, ...).",
    ),
  );
  expect(() => resizeAxes(x, [{ axis: 2, matrix: odd(2, 4) }])).toThrow(
    new Error("resizeAxes(resizes): expected distinct axes from 0 to 1, got 2. Name each axis of x once."),
  );
  expect(() => resizeAxes(x, [{ axis: 1, matrix: odd(2, 3) }, { axis: 1, matrix: odd(2, 3) }])).toThrow("got 1, 1.");
});

test("nothing is left behind, forward or backward", () => {
  const x = tf.randomNormal([5, 3, 2], 0, 1, "float32", 17);
  const resizes = [{ axis: 0, matrix: odd(2, 5) }, { axis: 1, matrix: odd(7, 3) }];
  expectNoLeak(() => resizeAxes(x, resizes));
  expectNoLeak(() => tf.valueAndGrad((input: tf.Tensor) => tf.sum(resizeAxes(input, resizes)))(x));
});
