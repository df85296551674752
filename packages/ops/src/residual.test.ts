import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { residual } from "./index.ts";

const x = () => tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
const branch = () => tf.tensor2d([[10, 20, 30], [40, 50, 60]]);

test("[1, 2, 3] plus [10, 20, 30] is [11, 22, 33]", () => {
  expectClose(residual(x(), branch()), tf.tensor2d([[11, 22, 33], [44, 55, 66]]));
});

test("each example's branch is taken times its own factor: 0 drops it, 2 doubles it", () => {
  expectClose(residual(x(), branch(), tf.tensor1d([0, 2])), tf.tensor2d([[1, 2, 3], [84, 105, 126]]));
  expectClose(residual(tf.ones([2, 3, 5]), tf.ones([2, 3, 5]), tf.tensor1d([-1, 2])), tf.concat([tf.zeros([1, 3, 5]), tf.fill([1, 3, 5], 3)]));
});

test("the gradient reaches both inputs, also when they are one tensor", () => {
  checkGradient((a, b) => residual(a, b), [x(), branch()]);
  checkGradient((a) => residual(a, a), [x()]);
  checkGradient((a, b) => residual(a, b, tf.tensor1d([-0.5, 2])), [x(), branch()]);
});

test("no tensor is kept for the backward pass, or the factors alone, where tf.add keeps two", () => {
  const kept = (sum: typeof residual) =>
    tf.tidy(() => {
      const [a, b] = [x(), branch()];
      let tensors = 0;
      const counted = (a: tf.Tensor) => {
        const before = tf.memory().numTensors;
        const y = sum(a, b);
        tensors = tf.memory().numTensors - before;
        return y;
      };
      tf.engine().gradients(() => counted(a), [a], a, true);
      return tensors;
    });
  expect(kept((a, b) => tf.add(a, b)) - kept(residual)).toBe(2);
  const factors = tf.tensor1d([0, 2]);
  expect(kept((a, b) => residual(a, b, factors)) - kept(residual)).toBe(1);
});

test("shapes that differ are refused", () => {
  expect(() => residual(x(), tf.zeros([3]))).toThrow(
    "residual(branch): expected the shape of x [2,3], got [3]. Nothing is broadcast here; use tf.add for that.",
  );
  expect(() => residual(x(), branch(), tf.ones([3]))).toThrow(
    "residual(factors): expected shape [2], got [3]. Give one factor per example of x.",
  );
});

test("nothing leaks, forward or backward", () => {
  const inputs = [x(), branch()];
  expectNoLeak(() => residual(inputs[0]!, inputs[1]!));
  expectNoLeak(() => tf.grads((a, b) => residual(a!, b!))(inputs));
  const factors = tf.tensor1d([0, 2]);
  expectNoLeak(() => tf.grads((a, b) => residual(a!, b!, factors))(inputs));
});
