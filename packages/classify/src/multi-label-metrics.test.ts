import { expectClose, readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { multiLabelMetrics } from "./multi-label-metrics.ts";

type Fixture = {
  multi_label: {
    classes: number;
    logits: number[];
    targets: number[];
    average_precision: Record<string, number>;
    mean_average_precision: number;
    f1: { threshold: number; per_class: (number | null)[]; micro: number; macro: number }[];
  };
};

const averagePrecision = (logits: number[], targets: number[]) => multiLabelMetrics(logits, targets, { classes: 1 }).perClass[0].averagePrecision;

test("positives on rank 1 and 3 of 4 have an average precision of (1 + 2/3) / 2, all of them ahead 1, all behind (1/3 + 1/2) / 2", () => {
  expectClose(averagePrecision([4, 3, 2, 1], [1, 0, 1, 0]), (1 + 2 / 3) / 2, { relative: 1e-15 });
  expect(averagePrecision([4, 3, 2, 1], [1, 1, 0, 0])).toBe(1);
  expectClose(averagePrecision([4, 3, 2, 1], [0, 0, 1, 1]), (1 / 3 + 1 / 2) / 2, { relative: 1e-15 });
});

test("scores that are all equal have the share of positives as their precision, in any order", () => {
  for (const targets of [[1, 0, 0, 1, 0], [0, 0, 0, 1, 1]]) expectClose(averagePrecision([2, 2, 2, 2, 2], targets), 2 / 5, { relative: 1e-15 });
});

test("equals scikit-learn on 23 pictures of 6 classes with tied scores, two classes without positives, within 1e-12", async () => {
  const { multi_label: expected } = await readFixture<Fixture>("classify/metrics.json");
  const { classes, logits, targets } = expected;
  const { perClass, meanAveragePrecision } = multiLabelMetrics(logits, targets, { classes });
  for (const [index, { averagePrecision, positives }] of perClass.entries()) {
    const precision = expected.average_precision[index];
    expect(averagePrecision.toFixed(12)).toBe((precision ?? NaN).toFixed(12));
    expect(positives).toBe(targets.filter((target, i) => target === 1 && i % classes === index).length);
  }
  expectClose(meanAveragePrecision, expected.mean_average_precision, { relative: 1e-12 });
  for (const { threshold, per_class, micro, macro } of expected.f1) {
    const { perClass, microF1, macroF1 } = multiLabelMetrics(logits, targets, { classes, threshold });
    expectClose([microF1, macroF1], [micro, macro], { relative: 1e-12 });
    expect(perClass.map(({ f1 }) => f1.toFixed(12))).toEqual(per_class.map((f1) => (f1 ?? NaN).toFixed(12)));
  }
});

test("a logit that is not a number is wrong either way: a positive last, a negative first", () => {
  expectClose(averagePrecision([NaN, 3, 2], [1, 0, 1]), averagePrecision([1, 3, 2], [1, 0, 1]));
  expectClose(averagePrecision([NaN, 3, 2], [0, 1, 0]), averagePrecision([4, 3, 2], [0, 1, 0]));
  expect(multiLabelMetrics([NaN, NaN, 5], [1, 0, 1], { classes: 1 }).microF1).toBe(2 / 4);
});

test("without pictures there is no figure", () => {
  expect(multiLabelMetrics([], [], { classes: 2 }).perClass[1]).toEqual({ positives: 0, averagePrecision: NaN, f1: NaN });
});

test("numbers that are no rows, targets that are not 0 or 1 and thresholds beyond 0 to 1 are refused", () => {
  expect(() => multiLabelMetrics([1, 2, 3], [0, 1, 0], { classes: 2 })).toThrow(
    new Error("multiLabelMetrics(logits): expected whole rows of 2 classes, got 3 numbers. Pass all rows, one after the other."),
  );
  expect(() => multiLabelMetrics([1, 2], [0], { classes: 2 })).toThrow(
    new Error("multiLabelMetrics(targets): expected 2 numbers, one per logit, got 1. Pass the targets of these pictures."),
  );
  expect(() => multiLabelMetrics([1, 2], [0, 0.9], { classes: 2 })).toThrow(
    new Error("multiLabelMetrics(targets): expected 0 or 1, got 0.9 at position 1. Neither smooth nor mix what you evaluate on."),
  );
  expect(() => multiLabelMetrics([1, 2], [0, 1], { classes: 2, threshold: 1 })).toThrow(
    new Error("multiLabelMetrics(threshold): expected a probability between 0 and 1, got 1. Try 0.5."),
  );
});
