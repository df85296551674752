import { expect, test } from "vitest";
import { comparisonTable, median, type Mode } from "./table.ts";

const measured = (mode: Mode, milliseconds: number[], peakMemoryBytes: number) => ({ mode, milliseconds, peakMemoryBytes });

test("the median of 5, 1, 3 is 3, and of 5, 1, 3, 100 it is 4", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([5, 1, 3, 100])).toBe(4);
});

test("half of PyTorch's time is 2x speed, and three times its memory is 3x memory", () => {
  const flexivit = [measured("train", [100, 120], 3e9), measured("train", [80], 3e9)];
  const pytorch = [measured("train", [200], 1e9), measured("train", [190, 210], 1e9)];
  const rows = comparisonTable([{ mode: "train", flexivit, pytorch }]).split("\n");
  expect(rows[2]).toBe("| train | 100 ms | 200 ms | 2.00x | 3.00 GB | 1.00 GB | 3.00x |");
});

test("no measurement at all is refused", () => {
  expect(() => median([])).toThrow("median(values): expected at least one value, got none. Run at least one round and one repeat.");
});
