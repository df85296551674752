import { expect, test } from "vitest";
import type { Measurement } from "./spec.ts";
import { comparisonTable, median, medianInterval, overheadRow, summary } from "./table.ts";

/** One process: `[patch size, milliseconds]` per step, each with 2 ms of processor time per millisecond. */
const measured = (steps: [number, number][], peakMemoryBytes: number): Measurement => ({
  steps: steps.map(([patchSize, milliseconds]) => ({ patchSize, milliseconds, processorMilliseconds: 2 * milliseconds })),
  peakMemoryBytes,
  versions: {},
});

test("the median of 5, 1, 3 is 3, and of 5, 1, 3, 100 it is 4", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([5, 1, 3, 100])).toBe(4);
});

test("of 30 values the interval of the median runs from the 10th to the 21st: P(Binomial(30, 1/2) < 10) = 2.1 %, < 11 4.9 %", () => {
  const values = Array.from({ length: 30 }, (_, index) => (index * 7) % 30); // 0 to 29 in another order
  expect(medianInterval(values)).toEqual([9, 20]);
});

test("of 6 values the interval is all of them: each side may miss with probability 1/64 only", () => {
  expect(medianInterval([6, 2, 5, 1, 3, 4])).toEqual([1, 6]);
});

test("a patch size measured twice as often counts no more: 100 ms at 8 and 10 ms at 48 are 55 ms", () => {
  const side = [measured([[8, 100], [48, 10], [48, 10]], 1e9)];
  expect(summary(side)).toEqual({ milliseconds: 55, processorMilliseconds: 110, peak: 1e9 });
});

test("half of PyTorch's time is 2x speed, and three times its memory is 3x memory", () => {
  const flexivit = [measured([[16, 100], [16, 120]], 3e9), measured([[16, 80]], 3e9)];
  const pytorch = [measured([[16, 200]], 1e9), measured([[16, 190], [16, 210]], 1e9)];
  const rows = comparisonTable([{ name: "S/16 train", duel: { flexivit, pytorch } }]).split("\n");
  expect(rows[2]).toBe("| S/16 train | 100 ms | 200 ms | 2.00x | 200 ms | 400 ms | 3.00 GB | 1.00 GB | 3.00x |");
});

test("costs of 11, 22 and 15 over 10, 20 and 10 are an overhead of 10 %", () => {
  const pairs = [[11, 10], [22, 20], [15, 10], [8, 10], [9, 10], [33, 30]] as const;
  expect(overheadRow("time", [...pairs, [44, 40]])).toEqual(["time", "7", "15 ms", "10 ms", "+10.0 %", "-20.0 % to +50.0 %"]);
});

test("no measurement at all, or too few for an interval, is refused", () => {
  expect(() => median([])).toThrow("median(values): expected at least one value, got none. Run at least one round and one repeat.");
  expect(() => medianInterval([1, 2, 3, 4, 5])).toThrow("medianInterval(values): expected at least 6 values, got 5. Measure more pairs.");
});
