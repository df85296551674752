import { describe, expect, test } from "vitest";
import { categorical, uniform } from "./categorical.ts";
import { mixture, sequence } from "./compose.ts";
import { costEqualised } from "./cost-equalised.ts";
import type { SchemeDistribution } from "./distribution.ts";
import { drawScheme, schemeProbabilities } from "./draw.ts";
import { gaussian } from "./gaussian.ts";
import { linear } from "./linear.ts";
import { formatScheme } from "./scheme.ts";
import { paperPatchSizesAt240Px } from "./schemes-for.ts";

const draws = 20_000;
/** What a chi-square statistic exceeds by chance once in 10,000 runs, by degrees of freedom (SciPy, `chi2.isf(1e-4, df)`). */
const chiSquareLimits: Record<number, number> = { 2: 18.4, 3: 21.1, 4: 23.5, 5: 25.7, 7: 29.9, 9: 33.7, 15: 44.3 };
const vitSmall = { dim: 384, depth: 12, hiddenDim: 1536 };

const distributions: Record<string, SchemeDistribution> = {
  uniform: uniform(paperPatchSizesAt240Px),
  categorical: categorical([3, 5, [7, 2], "8/4"], [1, 0, 4, 15]),
  gaussian: gaussian([48, 24, "12x27/6x9", 16, 8], { centrePx: 26, stdPx: 12 }),
  linear: linear([32, 8, 20, [18, 32]], { weightAtSmallest: 4, weightAtLargest: 1 }),
  "cost-equalised": costEqualised([48, 30, 16, "16/8"], 240, vitSmall),
  mixture: mixture([uniform([3, 5]), categorical([8, 5, "9x7/3"], [2, 1, 1]), gaussian([4, 6], { centrePx: 5, stdPx: 9 })], [3, 1, 2]),
  sequence: sequence([
    { fromStep: 0, untilStep: 5, distribution: uniform([13]) },
    { fromStep: 5, distribution: mixture([uniform([2, 3]), mixture([uniform([3, 4]), linear([5, 7], { weightAtSmallest: 1, weightAtLargest: 2 })])]) },
  ]),
};

function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);
}

function drawNames(distribution: SchemeDistribution, seed: number, fromStep = 0): string[] {
  return Array.from({ length: draws }, (_, i) => formatScheme(drawScheme(distribution, seed, fromStep + i)));
}

/** How often each name occurs; names that are not listed are an error. */
function countsOf(names: readonly string[], listed: readonly string[]): number[] {
  const counts = new Map(listed.map((name) => [name, 0]));
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  expect([...counts.keys()]).toEqual(listed);
  return [...counts.values()];
}

describe.each(Object.entries(distributions))("%s", (_, distribution) => {
  test("survives JSON with the same draws", () => {
    const config = JSON.parse(JSON.stringify(distribution)) as SchemeDistribution;
    expect(config).toEqual(distribution);
    for (let step = 0; step < 20; step++) expect(drawScheme(config, 4, step)).toEqual(drawScheme(distribution, 4, step));
  });

  test("draws by seed and step only, whatever was drawn before", () => {
    const draw = (seed: number, steps: number[]) => steps.map((step) => formatScheme(drawScheme(distribution, seed, step)));
    const steps = Array.from({ length: 60 }, (__, step) => step);
    const run = draw(1, steps);
    expect(draw(1, steps.slice(37))).toEqual(run.slice(37)); // resumed at step 37
    expect(draw(1, steps.toReversed())).toEqual(run.toReversed());
    expect(draw(2, steps)).not.toEqual(run);
  });

  test("draws with its probabilities, which sum to 1 (chi-square at 1 in 10,000, seeds 0 and 1)", () => {
    const fromStep = 100; // past the first stage of the sequence
    const expected = schemeProbabilities(distribution, fromStep);
    expect(expected.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 14);
    const names = expected.map(({ scheme }) => formatScheme(scheme));
    for (const seed of [0, 1]) {
      const counts = countsOf(drawNames(distribution, seed, fromStep), names);
      const mean = expected.map(({ probability }) => draws * probability);
      expect(Math.min(...mean)).toBeGreaterThan(5); // below that, chi-square is no approximation
      expect(chiSquare(counts, mean)).toBeLessThan(chiSquareLimits[names.length - 1]);
    }
  });
});

test("the draws of seed 0 are those of a separate Python program (SHA-256, xoroshiro128+): other values mean that every old run changes", () => {
  const draw = (distribution: SchemeDistribution, steps: number) => Array.from({ length: steps }, (_, step) => drawScheme(distribution, 0, step).patchSize[0]);
  expect(draw(uniform(paperPatchSizesAt240Px), 12)).toEqual([48, 16, 16, 48, 20, 8, 8, 12, 48, 24, 10, 48]);
  const nested = mixture([uniform([48, 24, 12]), mixture([uniform([40, 20]), gaussian([30, 15, 10], { centrePx: 15, stdPx: 5 })], [1, 3])], [1, 2]);
  expect(draw(nested, 16)).toEqual([15, 15, 15, 15, 24, 12, 12, 12, 15, 40, 10, 48, 10, 48, 12, 10]);
});

test("draws of neighbouring steps and of neighbouring seeds are independent (chi-square, 15 degrees of freedom)", () => {
  const listed = ["2", "3", "5", "7"];
  const pairNames = listed.flatMap((one) => listed.map((other) => `${one} ${other}`));
  for (const distribution of [uniform([2, 3, 5, 7]), mixture([uniform([2, 3]), uniform([5, 7])])]) {
    const one = drawNames(distribution, 10);
    for (const partner of [one.slice(1), drawNames(distribution, 11)]) {
      const counts = countsOf(partner.map((name, i) => `${one[i]} ${name}`), pairNames);
      expect(chiSquare(counts, counts.map(() => partner.length / 16))).toBeLessThan(chiSquareLimits[15]);
    }
  }
});

test("the draw of the scheme is independent of the draw of its distribution, inside a mixture of mixtures too (chi-square, 7 degrees of freedom)", () => {
  // One scheme stands for each of the 2 x 2 x 2 ways: a number that served two of the draws would leave some of them out.
  const nested = mixture([mixture([uniform([2, 3]), uniform([4, 5])]), mixture([uniform([6, 7]), uniform([8, 9])])]);
  for (const seed of [0, 1, 2]) {
    const counts = countsOf(drawNames(nested, seed), ["2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(chiSquare(counts, counts.map(() => draws / 8))).toBeLessThan(chiSquareLimits[7]);
  }
});

test("a kind that does not exist and a step that is no step are refused", () => {
  const kinds = "categorical, gaussian, linear, cost-equalised, mixture, sequence";
  const zipf = { kind: "zipf", schemes: uniform([3]).schemes } as unknown as SchemeDistribution;
  expect(() => drawScheme(zipf, 0, 0)).toThrow(new Error(`drawScheme(kind): expected one of ${kinds}, got "zipf". Use one of these kinds.`));
  expect(() => drawScheme(uniform([3]), 0, 1.5)).toThrow(
    new Error("drawScheme(step): expected a whole number from 0, got 1.5. Count training steps."),
  );
  expect(() => schemeProbabilities(uniform([3]), -1)).toThrow(
    new Error("schemeProbabilities(step): expected a whole number from 0, got -1. Count training steps."),
  );
});
