import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "./index.ts";

// Fixtures: float32 noise of the references is 3e-6 (softmax) and 9e-6 on values up to 138 (sigmoid).
const tolerance = { relative: 1e-5, absolute: 1e-5 };
const arrays = await readFixture("losses-optim.npz");
const fixture = (name: string) => fixtureTensor<tf.Tensor2D>(arrays[name]!);
const logits = () => tf.randomNormal<tf.Rank.R2>([3, 5], 0, 2, "float32", 1);
const targets = () => tf.softmax(tf.randomNormal<tf.Rank.R2>([3, 5], 0, 1, "float32", 2));

test("equal logits over 5 classes cost log 5 by softmax and 5 log 2 by sigmoid", () => {
  expectClose(softmaxCrossEntropy(tf.zeros([3, 5]), targets()), Array(3).fill(Math.log(5)), { relative: 1e-6 });
  expectClose(sigmoidCrossEntropy(tf.zeros([3, 5]), targets()), Array(3).fill(5 * Math.log(2)), { relative: 1e-6 });
});

test("logits of 1000 give finite costs and gradients: 2000 for the wrong class, 0 for the right one", () => {
  const logits = tf.tensor2d([[1000, -1000], [-1000, 1000]]);
  const targets = tf.tensor2d([[0, 1], [0, 1]]);
  expectClose(softmaxCrossEntropy(logits, targets), [2000, 0]);
  expectClose(sigmoidCrossEntropy(logits, targets), [2000, 0]);
  expectClose(tf.grad((x) => softmaxCrossEntropy(x as tf.Tensor2D, targets))(logits), tf.tensor2d([[1, -1], [0, 0]]));
  expectClose(tf.grad((x) => sigmoidCrossEntropy(x as tf.Tensor2D, targets))(logits), tf.tensor2d([[1, -1], [0, 0]]));
});

test("softmax cross-entropy agrees with big_vision on smoothed labels, value and gradient", () => {
  for (const smoothing of ["0.1", "0.3"]) {
    const key = `ce/bv_offvalue_smoothing_${smoothing}`;
    const mean = (x: tf.Tensor) => tf.mean(softmaxCrossEntropy(x as tf.Tensor2D, fixture(`${key}/targets`)));
    expectClose(softmaxCrossEntropy(fixture("ce/logits"), fixture(`${key}/targets`)), fixture(`${key}/per_example`), tolerance);
    expectClose(tf.grad(mean)(fixture("ce/logits")), fixture(`${key}/grad_of_mean`), tolerance);
  }
});

test("sigmoid cross-entropy agrees with big_vision, value and gradient", () => {
  const labels = tf.cast(fixture("bce/labels"), "float32");
  const mean = (x: tf.Tensor) => tf.mean(sigmoidCrossEntropy(x as tf.Tensor2D, labels));
  expectClose(sigmoidCrossEntropy(fixture("bce/logits"), labels), fixture("bce/per_example"), tolerance);
  expectClose(tf.grad(mean)(fixture("bce/logits")), fixture("bce/grad_of_mean"), tolerance);
});

test("gradients agree with finite differences, also for targets that sum to 3", () => {
  const three = tf.mul(targets(), 3) as tf.Tensor2D;
  for (const loss of [softmaxCrossEntropy, sigmoidCrossEntropy])
    for (const target of [targets(), three]) checkGradient((x) => loss(x, target), [logits()]);
});

test("targets of another shape are refused by name", () => {
  expect(() => softmaxCrossEntropy(logits(), tf.zeros([3, 4]))).toThrow(
    "softmaxCrossEntropy(targets): expected axes [batch=3, classes=5], got shape [3, 4]. Axis 1 must have length 5.",
  );
  expect(() => sigmoidCrossEntropy(logits(), tf.zeros([2, 5]))).toThrow(
    "sigmoidCrossEntropy(targets): expected axes [batch=3, classes=5], got shape [2, 5]. Axis 0 must have length 3.",
  );
});

test("nothing leaks, forward or backward", () => {
  const [x, t] = [logits(), targets()];
  for (const loss of [softmaxCrossEntropy, sigmoidCrossEntropy]) {
    expectNoLeak(() => loss(x, t));
    expectNoLeak(() => tf.grad((x) => loss(x as tf.Tensor2D, t))(x));
  }
});
