import { expect, test } from "vitest";
import { drawScheme, schemeProbabilities, uniform, type SchemeDistribution } from "./distribution.ts";
import { formatScheme, patchScheme } from "./scheme.ts";
import { paperPatchSizesAt240Px } from "./schemes-for.ts";

const draws = 20_000;
const weighted: SchemeDistribution = { kind: "categorical", schemes: [3, 5, [7, 2], 8].map((size) => patchScheme(size as number)), weights: [1, 0, 4, 15] };

function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);
}

function drawIndices(distribution: SchemeDistribution, seed: number): number[] {
  return Array.from({ length: draws }, (_, step) => distribution.schemes.indexOf(drawScheme(distribution, seed, step)));
}

function countsOf(indices: readonly number[], kinds: number): number[] {
  const counts = Array.from<number>({ length: kinds }).fill(0);
  for (const index of indices) counts[index]++;
  return counts;
}

test("uniform over sizes is the categorical distribution with no weights", () => {
  expect(uniform([48, [16, 8], patchScheme(12, 6)])).toEqual({
    kind: "categorical",
    schemes: [patchScheme(48), patchScheme([16, 8]), patchScheme(12, 6)],
  });
});

test("a draw depends on seed and step only, whatever was drawn before", () => {
  const distribution = uniform(paperPatchSizesAt240Px);
  const draw = (seed: number, from: number) => Array.from({ length: 20 }, (_, i) => formatScheme(drawScheme(distribution, seed, from + i)));
  const run = draw(1, 0);
  expect(draw(1, 7)).toEqual([...run.slice(7), ...draw(1, 20).slice(0, 7)]); // a run resumed at step 7
  expect(draw(2, 0)).not.toEqual(run);
  expect(JSON.parse(JSON.stringify(distribution))).toEqual(distribution); // it lives in a config
  expect(drawScheme(JSON.parse(JSON.stringify(distribution)), 1, 3)).toEqual(drawScheme(distribution, 1, 3));
});

test("the draws of seed 0 are the same in every version, so that old runs can be repeated", () => {
  const distribution = uniform(paperPatchSizesAt240Px);
  const first = Array.from({ length: 12 }, (_, step) => drawScheme(distribution, 0, step).patchSize[0]);
  expect(first).toEqual([48, 16, 16, 48, 20, 8, 8, 12, 48, 24, 10, 48]);
});

test("uniform draws have the frequencies of a uniform distribution (chi-square, 9 degrees of freedom)", () => {
  const distribution = uniform(paperPatchSizesAt240Px);
  for (const seed of [0, 1, 2]) {
    const counts = countsOf(drawIndices(distribution, seed), 10);
    expect(chiSquare(counts, counts.map(() => draws / 10))).toBeLessThan(33.7); // exceeded by chance once in 10,000
  }
});

test("weighted draws have the frequencies of their weights, and weight 0 is never drawn (chi-square, 2 degrees of freedom)", () => {
  const counts = countsOf(drawIndices(weighted, 5), 4);
  expect(counts[1]).toBe(0);
  const expected = [1, 4, 15].map((weight) => (draws * weight) / 20);
  expect(chiSquare([counts[0], counts[2], counts[3]], expected)).toBeLessThan(18.4); // once in 10,000
});

test("draws of neighbouring steps and of neighbouring seeds are independent (chi-square, 15 degrees of freedom)", () => {
  const distribution = uniform([2, 3, 5, 7]);
  const one = drawIndices(distribution, 10);
  const other = drawIndices(distribution, 11);
  for (const partner of [one.slice(1), other]) {
    const pairs = countsOf(partner.map((index, i) => 4 * one[i] + index), 16);
    expect(chiSquare(pairs, pairs.map(() => partner.length / 16))).toBeLessThan(44.3); // once in 10,000
  }
});

test("probabilities are the weights scaled to sum 1", () => {
  expect(schemeProbabilities(weighted, 0)).toEqual([
    { scheme: patchScheme(3), probability: 0.05 },
    { scheme: patchScheme([7, 2]), probability: 0.2 },
    { scheme: patchScheme(8), probability: 0.75 },
  ]);
});

test("impossible weights are refused", () => {
  const schemes = [patchScheme(3), patchScheme(5)];
  const draw = (weights?: number[]) => drawScheme({ kind: "categorical", schemes, weights }, 0, 0);
  expect(() => draw([1])).toThrow(
    new Error("schemeProbabilities(weights): expected 2 weights, one per scheme, got 1. Leave weights out to draw all schemes alike."),
  );
  expect(() => draw([1, -2])).toThrow(
    new Error("schemeProbabilities(weights): expected finite weights of at least 0, got -2 at 1. A weight of 0 leaves a scheme out."),
  );
  expect(() => draw([Number.NaN, 1])).toThrow("got NaN at 0");
  expect(() => draw([0, 0])).toThrow(
    new Error("schemeProbabilities(weights): expected weights with a finite sum above 0, got a sum of 0. Give one scheme a weight of 1."),
  );
});

test("no scheme, an unknown kind and a step that is no step are refused", () => {
  expect(() => uniform([])).toThrow(
    new Error("uniform(schemes): expected at least one scheme, got none. List patch sizes, such as [48, 24, 16]."),
  );
  expect(() => drawScheme({ kind: "zipf" } as unknown as SchemeDistribution, 0, 0)).toThrow(
    new Error('schemeProbabilities(kind): expected one of categorical, got "zipf". Use one of these kinds.'),
  );
  expect(() => drawScheme(weighted, 0, 1.5)).toThrow(
    new Error("schemeProbabilities(step): expected a whole number from 0, got 1.5. Count training steps."),
  );
});
