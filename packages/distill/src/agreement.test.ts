import { expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { agreement, agreementMatrix } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test("the best class of the reference is first, second and third by the logits: 1, 2 and 3 of 3 agree among the first 1, 2 and 3", async () => {
  const reference = tf.tensor2d([[0, 9, 1], [5, 1, 2], [0, 0, 4]]);
  const logits = tf.tensor2d([[1, 3, 2], [2, 3, 1], [3, 2, 1]]);
  expect(await Promise.all([1, 2, 3].map((k) => agreement(logits, reference, k)))).toEqual([1 / 3, 2 / 3, 1]);
});

test("of equal classes the first is better, on both sides", async () => {
  const equal = tf.zeros([1, 4]) as tf.Tensor2D;
  expect(await agreement(tf.tensor2d([[1, 0, 0, 0]]), equal)).toBe(1);
  expect(await agreement(equal, tf.tensor2d([[0, 0, 1, 0]]), 2)).toBe(0);
  expect(await agreement(equal, tf.tensor2d([[0, 0, 1, 0]]), 3)).toBe(1);
});

test.each([1, 3])("the share that agrees among the first %i equals big_vision's", async (k) => {
  const arrays = await readFixture("losses-optim.npz");
  const [student, teacher] = [fixtureTensor<tf.Tensor2D>(arrays["kl/student"]), fixtureTensor<tf.Tensor2D>(arrays["kl/teacher"])];
  const perExample = [...arrays[`distance/agree_top${k}`].data].map(Number);
  expect(await agreement(student, teacher, k)).toBe(perExample.reduce((sum, value) => sum + value, 0) / perExample.length);
});

test("the matrix of three models is symmetric with ones on its diagonal", async () => {
  const logits = [1, 2, 3].map((seed) => tf.randomNormal([7, 3], 0, 1, "float32", seed) as tf.Tensor2D);
  const matrix = await agreementMatrix(logits);
  for (const [i, row] of matrix.entries()) {
    for (const [j, value] of row.entries()) expect(value).toBe(i === j ? 1 : await agreement(logits[j], logits[i]));
  }
  expect(new Set(matrix.flat()).size).toBeGreaterThan(1);
});

test("other shapes and a k beyond the classes are refused", async () => {
  const logits = tf.zeros([2, 3]) as tf.Tensor2D;
  await expect(agreement(logits, tf.zeros([2, 4]))).rejects.toThrow(
    new Error("agreement(reference): expected axes [batch=2, classes=3], got shape [2, 4]. Axis 1 must have length 3."),
  );
  await expect(agreement(logits, logits, 4)).rejects.toThrow(
    new Error("agreement(k): expected a whole number from 1 to 3, got 4. Use 1 for the best class alone."),
  );
});

test("nothing is left behind", async () => {
  const logits = tf.randomNormal([4, 3]) as tf.Tensor2D;
  await expectNoLeak(async () => void (await agreementMatrix([logits, logits])));
});
