import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

const native = tf.getBackend() === "tensorflow";

const threes = (length: number): tf.Tensor => tf.tensor1d(new Float32Array(length).fill(3));

test.skipIf(!native)("operations and reading agree about such a tensor: 3 + 4 = 7 in each of 20011 places", () => {
  const x = threes(20_011);
  expect(new Set(tf.add(x, 4).dataSync())).toEqual(new Set([7]));
  expect(new Set(tf.reshape(x, [1, 20_011]).dataSync())).toEqual(new Set([3]));
});

test.skipIf(!native)("16384 whole numbers and truth values keep their types", () => {
  expect(tf.tensor1d(new Int32Array(16_384).fill(-7)).dataSync()).toEqual(new Int32Array(16_384).fill(-7));
  expect(tf.tensor1d(new Float32Array(16_384).fill(2), "bool").dtype).toBe("bool");
});

test.skipIf(!native)("TensorFlow holds one tensor more from the start, and none once it is disposed", () => {
  const held = () => (tf.backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors();
  const before = held();
  const x = threes(16_384);
  expect(held()).toBe(before + 1);
  x.dispose();
  expect(held()).toBe(before);
});
