import { expect, test } from "vitest";
import { categorical, uniform } from "./categorical.ts";
import { drawScheme, schemeProbabilities } from "./draw.ts";
import { patchScheme } from "./scheme.ts";

test("uniform over sizes is the categorical distribution with no weights", () => {
  expect(uniform([48, [16, 8], patchScheme(12, 6), "9x7/3x7"])).toStrictEqual({
    kind: "categorical",
    schemes: [patchScheme(48), patchScheme([16, 8]), patchScheme(12, 6), patchScheme([9, 7], [3, 7])],
  });
});

test("probabilities are the weights scaled to sum 1", () => {
  expect(schemeProbabilities(categorical([3, 5, [7, 2], "8/4"], [1, 0, 4, 15]), 0)).toEqual([
    { scheme: patchScheme(3), probability: 0.05 },
    { scheme: patchScheme([7, 2]), probability: 0.2 },
    { scheme: patchScheme(8, 4), probability: 0.75 },
  ]);
});

test("a scheme that is listed twice counts twice and is named once; another stride is another scheme", () => {
  expect(schemeProbabilities(uniform([8, 5, 8, "8/4"]), 0)).toEqual([
    { scheme: patchScheme(8), probability: 0.5 },
    { scheme: patchScheme(5), probability: 0.25 },
    { scheme: patchScheme(8, 4), probability: 0.25 },
  ]);
});

test("impossible weights are refused", () => {
  const make = (weights: number[]) => categorical([3, 5], weights);
  expect(() => make([1])).toThrow(
    new Error("categorical(weights): expected 2 weights, one per scheme, got 1. Leave weights out to draw all schemes alike."),
  );
  expect(() => make([1, -2])).toThrow(
    new Error("categorical(weights): expected finite weights of at least 0, got -2 at 1. A weight of 0 leaves a scheme out."),
  );
  expect(() => make([Number.NaN, 1])).toThrow("got NaN at 0");
  expect(() => make([0, 0])).toThrow(
    new Error("categorical(weights): expected weights with a finite sum above 0, got a sum of 0. Give one scheme a weight of 1."),
  );
  expect(() => make([1e308, 1e308])).toThrow("got a sum of Infinity");
  const schemes = [patchScheme(3), patchScheme(5)];
  expect(() => drawScheme({ kind: "categorical", schemes, weights: [1] }, 0, 0)).toThrow("drawScheme(weights): expected 2 weights");
});

test("an empty list and half a pixel are refused", () => {
  const message = "(schemes): expected at least one scheme, got none. List patch sizes, such as [48, 24, 16].";
  expect(() => uniform([])).toThrow(new Error(`uniform${message}`));
  expect(() => schemeProbabilities({ kind: "categorical", schemes: [] }, 0)).toThrow(new Error(`schemeProbabilities${message}`));
  expect(() => uniform([7.5])).toThrow("patchScheme(patchSize): expected whole pixels above 0");
});
