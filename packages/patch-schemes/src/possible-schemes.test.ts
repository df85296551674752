import { expect, test } from "vitest";
import { categorical, uniform } from "./categorical.ts";
import { mixture, sequence } from "./compose.ts";
import type { SchemeDistribution } from "./distribution.ts";
import { drawScheme } from "./draw.ts";
import { gaussian } from "./gaussian.ts";
import { linear } from "./linear.ts";
import { possibleSchemes } from "./possible-schemes.ts";
import { formatScheme } from "./scheme.ts";

const warmUp = sequence([
  { fromStep: 0, untilStep: 10, distribution: uniform([12, "12/6"]) },
  { fromStep: 10, untilStep: 300, distribution: mixture([uniform([6, 12]), linear([4, 3, 2], { weightAtSmallest: 0, weightAtLargest: 1 }), uniform([8])], [1, 1, 0]) },
]);

function names(distribution: SchemeDistribution, steps?: number): string[] {
  return possibleSchemes(distribution, steps).map(formatScheme);
}

test("the possible schemes are those that 300 steps draw, in the order of the config: none of weight 0, each once", () => {
  const drawn = new Set(Array.from({ length: 300 }, (_, step) => formatScheme(drawScheme(warmUp, 3, step))));
  expect(names(warmUp)).toEqual(["12", "12x12/6x6", "6", "4", "3"]);
  expect([...drawn].sort()).toEqual(names(warmUp, 300).sort());
});

test("stages that a run does not reach count no more: 10 steps draw only the first stage, 11 also the second", () => {
  expect(names(warmUp, 10)).toEqual(["12", "12x12/6x6"]);
  expect(names(warmUp, 11)).toEqual(["12", "12x12/6x6", "6", "4", "3"]);
});

test("a curriculum inside a stage counts only with the steps of that stage", () => {
  const inner = sequence([
    { fromStep: 0, untilStep: 5, distribution: uniform([3]) },
    { fromStep: 5, untilStep: 9, distribution: uniform([4]) },
    { fromStep: 9, distribution: uniform([5]) },
  ]);
  const outer = sequence([
    { fromStep: 0, untilStep: 5, distribution: uniform([7]) },
    { fromStep: 5, untilStep: 9, distribution: inner },
    { fromStep: 9, distribution: uniform([8]) },
  ]);
  expect(names(outer)).toEqual(["7", "4", "8"]);
});

test("schemes whose weight rounds to 0 are never drawn", () => {
  expect(names(categorical([5, 6, 7], [1, 0, 2]))).toEqual(["5", "7"]);
  expect(names(gaussian([48, 9, 8], { centrePx: 8, stdPx: 1 }))).toEqual(["9", "8"]); // exp(-800) is 0
});

test("a run longer than its curriculum and a run of no steps are refused", () => {
  expect(() => possibleSchemes(warmUp, 301)).toThrow(
    new Error(
      "possibleSchemes(stages[1].untilStep): expected at least 301, the number of steps to draw for, got 300. Leave untilStep out to keep the last stage, or add a stage.",
    ),
  );
  expect(() => possibleSchemes(warmUp, 0)).toThrow(
    new Error("possibleSchemes(steps): expected a whole number of at least 1, got 0. Leave steps out for a run of any length."),
  );
});
