import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensembleLogits } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const logits = (seed: number): tf.Tensor2D => tf.randomNormal([3, 5], 0, 2, "float32", seed);
const rounding = { relative: 2e-6 };

test("one teacher keeps its probabilities, whatever its weight", () => {
  expectClose(tf.softmax(ensembleLogits([{ logits: logits(1), weight: 7 }])), tf.softmax(logits(1)), rounding);
});

test("two teachers of weights 3 and 1 give three quarters and a quarter of their probabilities", () => {
  const mean = tf.add(tf.mul(tf.softmax(logits(1)), 0.75), tf.mul(tf.softmax(logits(2)), 0.25));
  expectClose(tf.softmax(ensembleLogits([{ logits: logits(1), weight: 3 }, { logits: logits(2) }])), mean, rounding);
});

test("a teacher that is certain does not make the mean anything but a number", () => {
  const certain = tf.tensor2d([[400, 0]]);
  const unsure = tf.tensor2d([[0, 0]]);
  expectClose(tf.softmax(ensembleLogits([{ logits: certain }, { logits: unsure }])), [0.75, 0.25], rounding);
});

test("no teacher, other shapes and weights of 0 are refused", () => {
  expect(() => ensembleLogits([])).toThrow(new Error("ensembleLogits(votes): expected at least one teacher, got none. Pass its logits."));
  expect(() => ensembleLogits([{ logits: logits(1) }, { logits: tf.zeros([3, 4]) }])).toThrow(
    new Error("ensembleLogits(votes[1].logits): expected axes [batch=3, classes=5], got shape [3, 4]. Axis 1 must have length 5."),
  );
  expect(() => ensembleLogits([{ logits: logits(1), weight: 0 }])).toThrow(
    new Error("ensembleLogits(votes[0].weight): expected a finite weight above 0, got 0. Leave a teacher out that should not count."),
  );
});

test("nothing is left behind", () => {
  const votes = [{ logits: logits(1) }, { logits: logits(2), weight: 2 }];
  expectNoLeak(() => ensembleLogits(votes));
});
