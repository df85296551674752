import { expect, it } from "vitest";
import { largestDifference, type Comparison } from "./comparison.ts";
import { failures, parityPage } from "./page.ts";

const comparison = (name: string, difference: number, allowed: number): Comparison => ({ area: "Models", name, reference: "timm", difference, allowed });
const engines = [
  { engine: "native", version: "2.21.0", comparisons: [comparison("a", 2e-6, 1e-5), comparison("b", 0, 0)] },
  { engine: "wasm", version: "4.22.0", comparisons: [comparison("a", 3e-6, 1e-5), comparison("b", 7, 0)] },
];

it("the page has the largest difference and its share per engine, then every case", () => {
  const page = parityPage(engines);
  expect(page).toContain("| Models | 2 | 2.0e-6 (20 %) | 7.0e+0 (Infinity %) |");
  expect(page).toContain("| a | timm | 2.0e-6 | 3.0e-6 | 1.0e-5 |\n| b | timm | 0 | 7.0e+0 | 0 |");
});

it("1 of 4 comparisons is off, and named", () => {
  expect(failures(engines)).toEqual(["wasm: Models, b, timm: off by 7.0e+0, allowed 0"]);
});

it("a value that is no number is as far off as can be, also through JSON", () => {
  expect(largestDifference([1, 5, 2], [1, 2, 4])).toBe(3);
  const off = largestDifference([1, Number.NaN, 2], [1, 2, 2]);
  expect(failures([{ ...engines[0], comparisons: [comparison("c", JSON.parse(JSON.stringify(off)) as number, 1)] }])).toHaveLength(1);
  expect(() => largestDifference([1], [1, 2])).toThrow(new Error("largestDifference(actual): expected 2 numbers, got 1. Compare arrays of one shape."));
});
