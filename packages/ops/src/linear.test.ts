import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { linear } from "./index.ts";

const x = () => tf.randomNormal<tf.Rank.R3>([2, 3, 5], 0, 1, "float32", 1);
const kernel = () => tf.randomNormal<tf.Rank.R2>([5, 7], 0, 1, "float32", 2);
const bias = () => tf.randomNormal<tf.Rank.R1>([7], 0, 1, "float32", 3);

test("an identity kernel and no bias give x back", () => {
  expectClose(linear(x(), tf.eye(5)), x(), { relative: 1e-6 });
});

test("[1, 2] through [[1, 0, 3], [0, 4, 1]] plus [10, 20, 30] is [11, 28, 35], for a vector and for a row", () => {
  const k = tf.tensor2d([[1, 0, 3], [0, 4, 1]]);
  const b = tf.tensor1d([10, 20, 30]);
  expectClose(linear(tf.tensor1d([1, 2]), k, b), tf.tensor1d([11, 28, 35]));
  expectClose(linear(tf.tensor2d([[1, 2]]), k, b), tf.tensor2d([[11, 28, 35]]));
});

test("gradients agree with finite differences for x of rank 2, 3 and 4", () => {
  for (const shape of [[6, 5], [2, 3, 5], [2, 1, 3, 5]]) {
    const input = tf.randomNormal(shape, 0, 1, "float32", 4);
    checkGradient((x, k, b) => linear(x, k as tf.Tensor2D, b as tf.Tensor1D), [input, kernel(), bias()]);
  }
  checkGradient((x, k) => linear(x, k as tf.Tensor2D), [x(), kernel()]);
});

test("axes that do not fit are refused by name", () => {
  expect(() => linear(x(), tf.zeros([4, 7]))).toThrow(
    "linear(kernel): expected axes [in=5, out], got shape [4, 7]. Axis 0 must have length 5.",
  );
  expect(() => linear(x(), kernel(), tf.zeros([5]))).toThrow(
    "linear(bias): expected axes [out=7], got shape [5]. Axis 0 must have length 7.",
  );
});

test("nothing leaks, forward or backward", () => {
  const inputs = [x(), kernel(), bias()] as const;
  expectNoLeak(() => linear(...inputs));
  expectNoLeak(() => tf.grads((x, k, b) => linear(x, k as tf.Tensor2D, b as tf.Tensor1D))([...inputs]));
});
