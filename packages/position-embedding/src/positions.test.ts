import { referenceInterpolations } from "@flexivit/resample";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { factorisedPositions } from "./factorised-positions.ts";
import { indexPositions } from "./index-positions.ts";
import { resizePositions } from "./resize-positions.ts";
import { sequencePositions } from "./sequence-positions.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const grid = (gridHeight: number, gridWidth: number) => ({ gridHeight, gridWidth });
const random = (length: number, dim: number, seed: number) => tf.randomNormal([length, dim], 0, 1, "float32", seed) as tf.Tensor2D;
const bicubic = referenceInterpolations.timm.positions;

test("positions of the stored size are used as they are: a row of 6 on 2x3 and on 3x2, rows and columns side by side", () => {
  const sequence = random(6, 5, 1);
  expectClose(sequencePositions(sequence, grid(2, 3)), sequence);
  expectClose(sequencePositions(sequence, grid(3, 2)), sequence);
  const rows = tf.tensor2d([[1, 2], [3, 4]]);
  const columns = tf.tensor2d([[5], [6], [7]]);
  expectClose(factorisedPositions({ rows, columns }, grid(2, 3)), tf.tensor2d([[1, 2, 5], [1, 2, 6], [1, 2, 7], [3, 4, 5], [3, 4, 6], [3, 4, 7]]));
});

test("a row of 2 becomes a row of 4 at a quarter and three quarters of the way, by hand", () => {
  expectClose(sequencePositions(tf.tensor2d([[0, 10], [4, 2]]), grid(2, 2)), tf.tensor2d([[0, 10], [1, 8], [3, 4], [4, 2]]), { relative: 1e-6 });
});

test("a row is resampled as a grid of one column is", () => {
  const sequence = random(7, 3, 2);
  const column = tf.reshape(sequence, [7, 1, 3]) as tf.Tensor3D;
  for (const interpolation of [undefined, bicubic]) {
    expectClose(sequencePositions(sequence, grid(5, 2), interpolation), resizePositions(column, grid(10, 1), interpolation), { relative: 1e-6 });
  }
});

test("factorised positions are a grid of their own: resampling that grid gives the same, to 1e-6", () => {
  const positions = { rows: random(5, 2, 3), columns: random(4, 3, 4) };
  const whole = tf.reshape(factorisedPositions(positions, grid(5, 4)), [5, 4, 5]) as tf.Tensor3D;
  for (const to of [grid(3, 7), grid(6, 2)]) {
    for (const interpolation of [undefined, bicubic]) {
      expectClose(factorisedPositions(positions, to, interpolation), resizePositions(whole, to, interpolation), { relative: 1e-6 });
    }
  }
});

test("index positions on 2x3 are 0 to 5 times the direction", () => {
  const direction = tf.tensor1d([1, -2, 0.5, 0]);
  expectClose(indexPositions(direction, grid(2, 3)), tf.tensor2d([0, 1, 2, 3, 4, 5].map((index) => [index, -2 * index, index / 2, 0])));
});

test("gradients are those of finite differences", () => {
  checkGradient((sequence) => sequencePositions(sequence, grid(2, 5)), [random(7, 3, 5)]);
  checkGradient((rows, columns) => factorisedPositions({ rows, columns }, grid(3, 7)), [random(5, 2, 6), random(4, 3, 7)]);
  checkGradient((direction) => indexPositions(direction, grid(2, 3)), [tf.randomNormal<tf.Rank.R1>([5], 0, 1, "float32", 8)]);
});

test("another rank and a grid without patches are refused", () => {
  expect(() => sequencePositions(tf.zeros([2, 3, 4]) as unknown as tf.Tensor2D, grid(2, 3))).toThrow(
    new Error("sequencePositions(sequence): expected axes [length, dim], got shape [2, 3, 4]. Reshape it to rank 2."),
  );
  expect(() => factorisedPositions({ rows: random(2, 3, 1), columns: tf.zeros([4]) as unknown as tf.Tensor2D }, grid(2, 3))).toThrow(
    new Error("factorisedPositions(columns): expected axes [gridWidth, columnDim], got shape [4]. Reshape it to rank 2."),
  );
  expect(() => indexPositions(random(2, 3, 1) as unknown as tf.Tensor1D, grid(2, 3))).toThrow(
    new Error("indexPositions(direction): expected axes [dim], got shape [2, 3]. Reshape it to rank 1."),
  );
  const empty = "(to): expected whole numbers of patches above 0, got { gridHeight: 0, gridWidth: 3 }.";
  expect(() => sequencePositions(random(2, 3, 1), grid(0, 3))).toThrow(`sequencePositions${empty}`);
  expect(() => factorisedPositions({ rows: random(2, 3, 1), columns: random(2, 3, 1) }, grid(0, 3))).toThrow(`factorisedPositions${empty}`);
  expect(() => indexPositions(tf.zeros([3]), grid(0, 3))).toThrow(`indexPositions${empty}`);
});

test("nothing is left behind, forward or backward", () => {
  const [sequence, rows, columns, direction] = [random(6, 4, 1), random(2, 3, 2), random(3, 2, 3), tf.ones([4]) as tf.Tensor1D];
  const runs = [
    () => sequencePositions(sequence, grid(4, 2)),
    () => factorisedPositions({ rows, columns }, grid(4, 2)),
    () => indexPositions(direction, grid(4, 2)),
  ];
  for (const run of runs) expectNoLeak(run);
  expectNoLeak(() => tf.grads((a, b, c, d) => tf.concat([sequencePositions(a as tf.Tensor2D, grid(4, 2)), factorisedPositions({ rows: b as tf.Tensor2D, columns: c as tf.Tensor2D }, grid(4, 2)), indexPositions(d as tf.Tensor1D, grid(4, 2))], 1))([sequence, rows, columns, direction]));
});
