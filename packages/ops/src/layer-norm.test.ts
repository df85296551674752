import * as tf from "@tensorflow/tfjs-core";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import { expect, test } from "vitest";
import { layerNorm } from "./index.ts";

const epsilon = 1e-6;
const x = () => tf.randomNormal<tf.Rank.R3>([2, 3, 7], 1, 2, "float32", 1);
const scale = () => tf.randomNormal<tf.Rank.R1>([7], 1, 0.5, "float32", 2);
const bias = () => tf.randomNormal<tf.Rank.R1>([7], 0, 1, "float32", 3);

test("rows have mean 0 and variance 1 when scale is 1 and bias is 0", () => {
  const { mean, variance } = tf.moments(layerNorm(x(), tf.ones([7]), tf.zeros([7]), epsilon), 2);
  expectClose(mean, tf.zeros([2, 3]), { absolute: 1e-6 });
  expectClose(variance, tf.ones([2, 3]), { absolute: 1e-5 });
});

test("agrees with float64, also far from zero (mean 1000, deviation 1) and for constant rows", () => {
  const far = tf.add(tf.randomNormal([2, 3, 7], 0, 1, "float32", 4), 1000) as tf.Tensor3D;
  // The mean is rounded: to 6e-5 around 1000, where the deviation is 1; to 2.4e-7 around 3.3, where it is sqrt(epsilon) = 1e-3.
  for (const [input, absolute] of [[x(), 2e-6], [far, 2e-4], [tf.mul(tf.ones([2, 3, 7]), 3.3), 5e-4]] as const)
    expectClose(layerNorm(input as tf.Tensor3D, scale(), bias(), epsilon), float64(input, scale(), bias()), { absolute });
});

test("epsilon is inside the root: [0, 2] with epsilon 3 is [-0.5, 0.5]", () => {
  expectClose(layerNorm(tf.tensor1d([0, 2]), tf.ones([2]), tf.zeros([2]), 3), [-0.5, 0.5], { absolute: 1e-6 });
});

test("gradients agree with finite differences for x of rank 1 to 4", () => {
  for (const shape of [[7], [5, 7], [2, 3, 7], [2, 1, 3, 7]])
    checkGradient(
      (x, s, b) => layerNorm(x, s as tf.Tensor1D, b as tf.Tensor1D, epsilon),
      [tf.randomNormal(shape, 1, 2, "float32", 5), scale(), bias()],
    );
});

test("a scale of another length is refused", () => {
  expect(() => layerNorm(x(), tf.ones([3]), bias(), epsilon)).toThrow(
    "layerNorm(scale): expected axes [dim=7], got shape [3]. Axis 0 must have length 7.",
  );
});

test("nothing leaks, forward or backward", () => {
  const inputs = [x(), scale(), bias()] as const;
  expectNoLeak(() => layerNorm(...inputs, epsilon));
  expectNoLeak(() => tf.grads((x, s, b) => layerNorm(x!, s as tf.Tensor1D, b as tf.Tensor1D, epsilon))([...inputs]));
});

function float64(x: tf.Tensor, scale: tf.Tensor1D, bias: tf.Tensor1D) {
  const [values, s, b] = [x, scale, bias].map((t) => Array.from(t.dataSync()));
  const dim = s!.length;
  const data = values!.map((value, i) => {
    const row = values!.slice(i - (i % dim), i - (i % dim) + dim);
    const mean = row.reduce((sum, v) => sum + v, 0) / dim;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / dim;
    return ((value - mean) / Math.sqrt(variance + epsilon)) * s![i % dim]! + b![i % dim]!;
  });
  return { shape: x.shape, data };
}
