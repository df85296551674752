import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { featureLoss, tokenLoss } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const noise = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", seed);
const pooled = (dim: number, seed: number) => ({ pooled: noise([3, dim], seed) as tf.Tensor2D });
const tokensOf = (gridHeight: number, gridWidth: number, dim: number, seed: number) => ({
  tokens: noise([2, gridHeight * gridWidth, dim], seed) as tf.Tensor3D,
  grid: { gridHeight, gridWidth },
});
const projection = () => ({ kernel: noise([5, 7], 8) as tf.Tensor2D, bias: noise([7], 9) as tf.Tensor1D });
const rounding = { relative: 1e-5 };

test("equal features are at distance 0, features twice as long too by the cosine, opposite ones at 2", () => {
  const own = pooled(5, 1);
  for (const kind of ["l2", "cosine"] as const) expectClose(featureLoss(own, own, { kind }), 0, { absolute: 1e-6 });
  expectClose(featureLoss(own, { pooled: tf.mul(own.pooled, 2) }, { kind: "cosine" }), 0, { absolute: 1e-6 });
  expectClose(featureLoss(own, { pooled: tf.neg(own.pooled) }, { kind: "cosine" }), 2, { absolute: 1e-6 });
});

test("l2 is the mean squared difference of 3 x 5 numbers, also after a projection from 5 to 7", () => {
  const meanSquare = (a: tf.Tensor, b: tf.Tensor) => {
    const [x, y] = [[...a.dataSync()], [...b.dataSync()]];
    return x.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / x.length;
  };
  const [own, teacher, wide, map] = [pooled(5, 1), pooled(5, 2), pooled(7, 3), projection()];
  expectClose(featureLoss(own, teacher), meanSquare(own.pooled, teacher.pooled), rounding);
  const mapped = tf.add(tf.matMul(own.pooled, map.kernel), map.bias);
  expectClose(featureLoss(own, wide, { projection: map }), meanSquare(mapped, wide.pooled), rounding);
});

test("the cosine of two vectors by hand: [3, 4] and [4, 3] are at 1 - 24 / 25", () => {
  const [own, teacher] = [{ pooled: tf.tensor2d([[3, 4]]) }, { pooled: tf.tensor2d([[4, 3]]) }];
  expectClose(featureLoss(own, teacher, { kind: "cosine" }), 1 / 25, { absolute: 1e-6 });
});

test("tokens are compared place by place: a teacher of 4x6 tokens in equal blocks of 2x2 agrees with a student of 2x3", () => {
  const student = tokensOf(2, 3, 5, 1);
  const grid = tf.reshape(student.tokens, [2, 2, 1, 3, 1, 5]);
  const blocks = tf.reshape(tf.tile(grid, [1, 1, 2, 1, 2, 1]), [2, 24, 5]) as tf.Tensor3D;
  const teacher = { tokens: blocks, grid: { gridHeight: 4, gridWidth: 6 } };
  // Antialias looks a little beyond each block, so that only a teacher that is smooth there would agree entirely.
  const aligned = tokenLoss(student, teacher).dataSync()[0];
  const shifted = tokenLoss({ ...student, tokens: tf.reverse(student.tokens, 1) }, teacher).dataSync()[0];
  expect(aligned).toBeLessThan(0.1 * shifted);
});

test("a teacher whose tokens change linearly over the grid is resampled exactly inside: 6x2 to 3x2 tokens", () => {
  const rows = tf.range(0, 6, 1).arraySync();
  const ramp = tf.tensor3d([rows.flatMap((row) => [[row], [row]])]); // [1, 12, 1]
  // Each coarse row is the triangle-weighted mean (1, 3, 3, 1) / 8 of fine rows around its centre 2 r + 1/2; at the ends it is cut off to (3, 3, 1) / 7.
  const expected = [(3 * 1 + 2) / 7, 2.5, (3 + 3 * 4 + 3 * 5) / 7];
  const student = { tokens: tf.tensor3d([expected.flatMap((value) => [[value], [value]])]), grid: { gridHeight: 3, gridWidth: 2 } };
  expectClose(tokenLoss(student, { tokens: ramp, grid: { gridHeight: 6, gridWidth: 2 } }), 0, { absolute: 1e-10 });
});

test("gradients flow to the student and the projection, and none to the teacher", () => {
  const [student, teacher, map] = [tokensOf(2, 3, 5, 1), tokensOf(4, 3, 7, 2), projection()];
  for (const kind of ["l2", "cosine"] as const) {
    const loss = (tokens: tf.Tensor3D, kernel: tf.Tensor2D, bias: tf.Tensor1D) => tokenLoss({ ...student, tokens }, teacher, { kind, projection: { kernel, bias } });
    checkGradient(loss, [student.tokens, map.kernel, map.bias]);
    const toTeacher = tf.grad((tokens) => tokenLoss(student, { ...teacher, tokens: tokens as tf.Tensor3D }, { kind, projection: map }))(teacher.tokens);
    expectClose(toTeacher, tf.zeros([2, 12, 7]));
  }
});

test("other widths without a projection, grids that are not the tokens' and other kinds are refused", () => {
  expect(() => featureLoss(pooled(5, 1), pooled(7, 2))).toThrow(
    new Error(
      "featureLoss(teacher): expected shape [3, 5], as the student gives, got [3, 7]. Where the widths differ, pass a projection of kernel [dim, teacherDim].",
    ),
  );
  expect(() => tokenLoss(tokensOf(2, 3, 5, 1), { ...tokensOf(4, 3, 5, 2), grid: { gridHeight: 3, gridWidth: 3 } })).toThrow(
    new Error("tokenLoss(teacher.grid): expected a grid of 12 patches, got 3 x 3. Pass tokens and grid as the backbone gives them."),
  );
  expect(() => featureLoss(pooled(5, 1), pooled(5, 2), { kind: "l1" as "l2" })).toThrow(
    new Error('featureLoss(kind): expected one of l2, cosine, got "l1". Use one of these kinds.'),
  );
});

test("nothing is left behind, forward or backward", () => {
  const [student, teacher] = [tokensOf(2, 3, 5, 1), tokensOf(4, 3, 5, 2)];
  expectNoLeak(() => tokenLoss(student, teacher, { kind: "cosine" }));
  expectNoLeak(() => tf.grad((tokens) => tokenLoss({ ...student, tokens: tokens as tf.Tensor3D }, teacher))(student.tokens));
  const [own, other] = [pooled(5, 1), pooled(5, 2)];
  expectNoLeak(() => featureLoss(own, other));
});
