import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { convolve } from "./convolve.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const normal = <T extends tf.Tensor>(shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed) as T;
const weights = () => ({ kernel: normal<tf.Tensor4D>([3, 3, 3, 5], 1), bias: normal<tf.Tensor1D>([5], 2) });

test("a kernel whose centre is one and whose other taps are zero gives the input back, the tap above it the pixel above", () => {
  const x = normal<tf.Tensor4D>([2, 4, 7, 1], 3);
  const tapAt = (tap: number) => ({ kernel: tf.cast(tf.reshape(tf.oneHot(tap, 9), [3, 3, 1, 1]), "float32") as tf.Tensor4D, bias: tf.zeros([1]) as tf.Tensor1D });
  expectClose(convolve(tapAt(4), x, 1), x);
  const below = tf.pad(tf.slice(x, [0, 0, 0, 0], [2, 3, 7, 1]), [[0, 0], [1, 0], [0, 0], [0, 0]]);
  expectClose(convolve(tapAt(1), x, 1), below);
});

test("stride 1 is TensorFlow's convolution with padding of the same size, stride 2 every second of its rows and columns", () => {
  const { kernel, bias } = weights();
  const x = normal<tf.Tensor4D>([2, 6, 8, 3], 4);
  const every = tf.add(tf.conv2d(x, kernel, 1, "same"), bias);
  expectClose(convolve({ kernel, bias }, x, 1), every, { relative: 1e-6 });
  expectClose(convolve({ kernel, bias }, x, 2), tf.stridedSlice(every, [0, 0, 0, 0], [2, 6, 8, 5], [1, 2, 2, 1]), { relative: 1e-6 });
  expect(convolve({ kernel, bias }, normal([2, 5, 7, 3], 5), 2).shape).toEqual([2, 3, 4, 5]);
});

test.each([1, 2] as const)("stride %i: the gradients by input, kernel and bias are those of finite differences", (stride) => {
  const { kernel, bias } = weights();
  for (const [height, width] of [[4, 6], [5, 3]]) {
    checkGradient((x, kernel, bias) => convolve({ kernel, bias }, x, stride), [normal<tf.Tensor4D>([2, height, width, 3], 6), kernel, bias]);
  }
});

test("an input of other channels, a kernel of 5x5 and a bias of another length are refused", () => {
  const { kernel, bias } = weights();
  expect(() => convolve({ kernel, bias }, tf.zeros([2, 4, 7, 2]), 1)).toThrow(
    new Error("convolve(kernel): expected axes [3, 3, in=2, out], got shape [3, 3, 3, 5]. Axis 2 must have length 2."),
  );
  expect(() => convolve({ kernel: tf.zeros([5, 5, 3, 5]), bias }, tf.zeros([2, 4, 7, 3]), 1)).toThrow(
    new Error("convolve(kernel): expected axes [3, 3, in=3, out], got shape [5, 5, 3, 5]. Axis 0 must have length 3."),
  );
  expect(() => convolve({ kernel, bias: tf.zeros([3]) }, tf.zeros([2, 4, 7, 3]), 1)).toThrow(
    new Error("convolve(bias): expected axes [out=5], got shape [3]. Axis 0 must have length 5."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const { kernel, bias } = weights();
  const x = normal<tf.Tensor4D>([2, 4, 6, 3], 7);
  expectNoLeak(() => convolve({ kernel, bias }, x, 2));
  expectNoLeak(() => tf.grads((x, kernel, bias) => convolve({ kernel: kernel as tf.Tensor4D, bias: bias as tf.Tensor1D }, x as tf.Tensor4D, 2))([x, kernel, bias]));
});
