import { expect, test } from "vitest";
import { uniform } from "./categorical.ts";
import { schemeProbabilities } from "./draw.ts";
import { linear, type LinearSchemes } from "./linear.ts";
import { patchScheme } from "./scheme.ts";

function probabilities(distribution: LinearSchemes): number[] {
  return schemeProbabilities(distribution, 0).map(({ probability }) => probability);
}

test("a flat line is the uniform distribution", () => {
  expect(schemeProbabilities(linear([7, 3, 5], { weightAtSmallest: 2, weightAtLargest: 2 }), 0)).toEqual(schemeProbabilities(uniform([7, 3, 5]), 0));
});

test("weights from 1 at size 8 to 4 at size 32 are 2.5 at 20 and 3 at 18x32 = 24, so the shares are 4, 1, 2.5 and 3 of 10.5", () => {
  const found = probabilities(linear([32, 8, 20, "18x32/9x16"], { weightAtSmallest: 1, weightAtLargest: 4 }));
  for (const [index, weight] of [4, 1, 2.5, 3].entries()) expect(found[index]).toBeCloseTo(weight / 10.5, 14);
});

test("only the ratio of the ends counts, up to the largest numbers", () => {
  const small = probabilities(linear([8, 24, 12], { weightAtSmallest: 3, weightAtLargest: 1 }));
  const large = probabilities(linear([8, 24, 12], { weightAtSmallest: 1.5e308, weightAtLargest: 0.5e308 }));
  for (const [index, probability] of small.entries()) expect(large[index]).toBeCloseTo(probability, 14);
  expect(small).toEqual([3 / 6.5, 1 / 6.5, 2.5 / 6.5]);
});

test("a weight of 0 at an end leaves that size out, exactly", () => {
  expect(schemeProbabilities(linear([10, 20, 30], { weightAtSmallest: 0.3, weightAtLargest: 0 }), 0)).toEqual([
    { scheme: patchScheme(10), probability: 0.3 / 0.45 },
    { scheme: patchScheme(20), probability: 0.15 / 0.45 },
  ]);
});

test("a line that has no two ends, or no weight, is refused", () => {
  expect(() => linear([6, [4, 9]], { weightAtSmallest: 1, weightAtLargest: 2 })).toThrow(
    new Error("linear(schemes): expected at least two sizes, got 6 px only. Add a scheme of another size, or use a categorical distribution."),
  );
  expect(() => linear([6, 4], { weightAtSmallest: -1, weightAtLargest: 2 })).toThrow(
    new Error("linear(weightAtSmallest): expected a finite weight of at least 0, got -1. A weight of 0 leaves the size at that end out."),
  );
  expect(() => linear([6, 4], { weightAtSmallest: 1, weightAtLargest: Infinity })).toThrow("linear(weightAtLargest): expected a finite weight");
  expect(() => linear([6, 4], { weightAtSmallest: 0, weightAtLargest: 0 })).toThrow(
    new Error("linear(weightAtLargest): expected a weight above 0 where weightAtSmallest is 0, got 0. Give one end a weight of 1."),
  );
  expect(() => linear([], { weightAtSmallest: 1, weightAtLargest: 2 })).toThrow("linear(schemes): expected at least one scheme, got none.");
});
