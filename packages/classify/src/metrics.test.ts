import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countCorrect, topClasses } from "./metrics.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const logits = () => tf.tensor2d([[1, 5, 3, -2], [9, 7, 8, 6], [-4, -3, -2, -1]]);

test("of three pictures with labels of rank 1, 3 and 2, one, two and three are right among the first 1, 2 and 3", async () => {
  const labels = [1, 1, 2];
  expect(await Promise.all([1, 2, 3].map((k) => countCorrect(logits(), labels, k)))).toEqual([1, 2, 3]);
  expect(await countCorrect(logits(), Uint8Array.from([1, 0, 3]))).toBe(3);
});

test("a label that ties for the first place is not right among 1, and right among as many as tie", async () => {
  const tied = tf.tensor2d([[2, 2, 2, 1]]);
  expect(await Promise.all([1, 2, 3].map((k) => countCorrect(tied, [1], k)))).toEqual([0, 0, 1]);
  expect(await countCorrect(tf.zeros([5, 3]), [0, 1, 2, 0, 1])).toBe(0);
});

test("NaN is never right: not on the label, and ahead of it elsewhere", async () => {
  expect(await countCorrect(tf.fill([2, 3], NaN), [0, 2], 2)).toBe(0);
  expect(await countCorrect(tf.tensor2d([[NaN, 5, 1]]), [0], 2)).toBe(0);
  expect(await countCorrect(tf.tensor2d([[NaN, 5, 1]]), [1])).toBe(0);
  expect(await countCorrect(tf.tensor2d([[NaN, 5, 1]]), [1], 2)).toBe(1);
});

test("the first classes come best first with their softmax probabilities, ties in the order of the classes", async () => {
  const odds = tf.log(tf.tensor2d([[1, 4, 2, 1], [0.5, 0.5, 1, 2]])) as tf.Tensor2D; // eighths and quarters
  const [first, second] = await topClasses(odds, 3);
  expect(first.map(({ class: index }) => index)).toEqual([1, 2, 0]);
  expectClose(first.map(({ probability }) => probability), [4 / 8, 2 / 8, 1 / 8], { relative: 1e-6 });
  expect(second.map(({ class: index }) => index)).toEqual([3, 2, 0]);
  expect((await topClasses(odds))[0]).toHaveLength(4);
});

test("by sigmoid each class has a probability of its own: odds of 1:1, 3:1 and 1:3 are 1/2, 3/4 and 1/4", async () => {
  const [picture] = await topClasses(tf.log(tf.tensor2d([[1, 3, 1 / 3]])) as tf.Tensor2D, 3, "sigmoid");
  expect(picture.map(({ class: index }) => index)).toEqual([1, 0, 2]);
  expectClose(picture.map(({ probability }) => probability), [3 / 4, 1 / 2, 1 / 4], { relative: 1e-6 });
});

test("labels of another number or of other classes, and a k below 1, are refused", async () => {
  await expect(countCorrect(logits(), [1, 2])).rejects.toThrow(
    new Error("countCorrect(labels): expected 3 labels, one per row of the logits, got 2. Pass the labels of this batch."),
  );
  await expect(countCorrect(logits(), [1, 2, 4])).rejects.toThrow(
    new Error("countCorrect(labels): expected classes from 0 to 3, got 4 at position 2. Check that the labels belong to these 4 classes."),
  );
  await expect(countCorrect(logits(), [1, 2, 3], 0)).rejects.toThrow(
    new Error("countCorrect(k): expected a whole number above 0, got 0. Use 1 for the best class alone."),
  );
  await expect(topClasses(logits(), 1.5)).rejects.toThrow(
    new Error("topClasses(k): expected a whole number above 0, got 1.5. Use 1 for the best class alone."),
  );
  await expect(topClasses(logits(), 1, "hinge" as "softmax")).rejects.toThrow(
    new Error('topClasses(objective): expected one of softmax, sigmoid, got "hinge". Use softmax for one class per picture, sigmoid for several.'),
  );
  await expect(topClasses(tf.zeros([3]) as unknown as tf.Tensor2D)).rejects.toThrow(
    new Error("topClasses(logits): expected axes [batch, classes], got shape [3]. Reshape it to rank 2."),
  );
});

test("nothing is left behind", async () => {
  const kept = logits();
  await expectNoLeak(async () => void (await countCorrect(kept, [0, 1, 2])));
  await expectNoLeak(async () => void (await topClasses(kept)));
});
