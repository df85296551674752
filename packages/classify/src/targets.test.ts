import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { labelTargets, multiLabelTargets, smoothTargets } from "./targets.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const rounding = { relative: 1e-6 };

test("without smoothing there is a one on the label, and targets stay as they are", () => {
  const targets = labelTargets([2, 0], 3);
  expect(targets.dtype).toBe("float32");
  expectClose(targets, tf.tensor2d([[0, 0, 1], [1, 0, 0]]));
  const same = smoothTargets(targets, { share: 0 });
  expectClose(same, targets);
  expect(same).not.toBe(targets);
});

test("pictures with labels 2 and 0, none, and 1 have ones there alone; one label each is labelTargets", () => {
  const targets = multiLabelTargets([[2, 0], [], Uint8Array.of(1)], 3);
  expect(targets.dtype).toBe("float32");
  expectClose(targets, tf.tensor2d([[1, 0, 1], [0, 0, 0], [0, 1, 0]]));
  expectClose(multiLabelTargets([[3], [0]], 5), labelTargets([3, 0], 5));
});

test("a share of 0.2 over 4 classes: 0.85 and 0.05 among all, 0.8 and 0.0667 among the others", () => {
  expectClose(labelTargets([1], 4, { share: 0.2 }), [0.05, 0.85, 0.05, 0.05], rounding);
  expectClose(labelTargets([1], 4, { share: 0.2, among: "others" }), [0.2 / 3, 0.8, 0.2 / 3, 0.2 / 3], rounding);
});

test("smoothing mixed targets is mixing smoothed ones, and rows still sum to 1", () => {
  const [one, other] = [labelTargets([0, 4], 5), labelTargets([3, 3], 5)];
  const mix = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D => tf.add(tf.mul(a, 0.7), tf.mul(b, 0.3));
  for (const among of ["all", "others"] as const) {
    const smoothed = smoothTargets(mix(one, other), { share: 0.3, among });
    expectClose(smoothed, mix(smoothTargets(one, { share: 0.3, among }), smoothTargets(other, { share: 0.3, among })), rounding);
    expectClose(tf.sum(smoothed, 1), [1, 1], rounding);
  }
});

test("a label that is not a class is refused, by its position", () => {
  for (const label of [3, -1, 1.5, NaN]) {
    expect(() => labelTargets([0, label], 3)).toThrow(
      new Error(`labelTargets(labels): expected classes from 0 to 2, got ${label} at position 1. Check that the labels belong to these 3 classes.`),
    );
  }
  expect(() => multiLabelTargets([[0], [1, 3]], 3)).toThrow(
    new Error("multiLabelTargets(labels[1]): expected classes from 0 to 2, got 3 at position 1. Check that the labels belong to these 3 classes."),
  );
});

test("a share of 1, an unknown convention and others where there are none are refused", () => {
  const targets = labelTargets([0, 1], 2);
  for (const share of [1, -0.1, NaN]) {
    expect(() => smoothTargets(targets, { share })).toThrow(
      new Error(`smoothTargets(share): expected a number from 0 to below 1, got ${share}. Use 0 for no smoothing, or about 0.1.`),
    );
  }
  expect(() => smoothTargets(targets, { share: 0.1, among: "none" as "all" })).toThrow(
    new Error('smoothTargets(among): expected one of all, others, got "none". Use all for PyTorch\'s convention, others for big_vision\'s.'),
  );
  expect(() => labelTargets([0], 1, { share: 0.1, among: "others" })).toThrow(
    new Error('smoothTargets(among): expected at least 2 classes for "others", got 1. Smooth among "all".'),
  );
});

test("nothing is left behind", () => {
  const targets = labelTargets([1, 4], 5);
  expectNoLeak(() => multiLabelTargets([[1], [0, 4]], 5));
  for (const share of [0, 0.1]) {
    expectNoLeak(() => labelTargets([1, 4], 5, { share }));
    expectNoLeak(() => smoothTargets(targets, { share, among: "others" }));
  }
});
