import { expect, test } from "vitest";
import { categorical, uniform } from "./categorical.ts";
import { mixture, sequence } from "./compose.ts";
import type { SchemeDistribution, SchemeStage } from "./distribution.ts";
import { drawScheme, schemeProbabilities } from "./draw.ts";
import { linear } from "./linear.ts";
import { formatScheme } from "./scheme.ts";

const fine = uniform([3, 5]);
const coarse = categorical([8, 5, "9x7/3"], [2, 1, 1]);

function named(distribution: SchemeDistribution, step: number): Record<string, number> {
  return Object.fromEntries(schemeProbabilities(distribution, step).map(({ scheme, probability }) => [formatScheme(scheme), probability]));
}

test("a mixture of one distribution has its probabilities and draws", () => {
  expect(schemeProbabilities(mixture([coarse]), 3)).toEqual(schemeProbabilities(coarse, 3));
  for (let step = 0; step < 20; step++) expect(drawScheme(mixture([coarse]), 6, step)).toEqual(drawScheme(coarse, 6, step));
});

test("a mixture 3:1 of {3, 5} and {8, 5, 9x7/3} at 2:1:1 draws 3, 5, 8 and 9x7/3 with 6/16, 7/16, 2/16 and 1/16", () => {
  expect(named(mixture([fine, coarse], [3, 1]), 0)).toEqual({ "3": 6 / 16, "5": 7 / 16, "8": 2 / 16, "9x7/3x3": 1 / 16 });
  expect(named(mixture([fine, coarse], [0, 1]), 0)).toEqual({ "8": 0.5, "5": 0.25, "9x7/3x3": 0.25 });
});

test("each step of a mixture draws what one of its distributions draws there alone", () => {
  const both = new Set<string>();
  for (let step = 0; step < 50; step++) {
    const alone = [fine, coarse].map((part) => formatScheme(drawScheme(part, 2, step)));
    const drawn = formatScheme(drawScheme(mixture([fine, coarse]), 2, step));
    expect(alone).toContain(drawn);
    if (alone[0] !== alone[1]) both.add(drawn === alone[0] ? "fine" : "coarse");
  }
  expect(both.size).toBe(2);
});

test("a sequence draws at each step what the stage of that step draws there alone: from fromStep on, and not at untilStep", () => {
  const curriculum = sequence([
    { fromStep: 0, untilStep: 4, distribution: coarse },
    { fromStep: 4, untilStep: 7, distribution: mixture([fine, coarse]) },
    { fromStep: 7, distribution: fine },
  ]);
  const stageOf = (step: number) => curriculum.stages[step < 4 ? 0 : step < 7 ? 1 : 2].distribution;
  for (const step of [...Array.from({ length: 40 }, (_, i) => i), 1e9]) {
    expect(drawScheme(curriculum, 9, step)).toEqual(drawScheme(stageOf(step), 9, step));
    expect(schemeProbabilities(curriculum, step)).toEqual(schemeProbabilities(stageOf(step), step));
  }
});

test("a mixture of a curriculum and a fixed distribution follows the steps of the run, within a stage too", () => {
  const inner = sequence([
    { fromStep: 0, untilStep: 3, distribution: uniform([3]) },
    { fromStep: 3, distribution: uniform([4]) },
  ]);
  const outer = sequence([
    { fromStep: 0, untilStep: 2, distribution: uniform([9]) },
    { fromStep: 2, distribution: mixture([inner, uniform([7])], [1, 3]) },
  ]);
  expect([1, 2, 3].map((step) => named(outer, step))).toEqual([{ "9": 1 }, { "3": 0.25, "7": 0.75 }, { "4": 0.25, "7": 0.75 }]);
});

test("a mixture without distributions, with wrong weights or with an impossible part is refused", () => {
  expect(() => mixture([])).toThrow(
    new Error("mixture(distributions): expected at least one distribution, got none. Add a categorical one, for example."),
  );
  expect(() => mixture([fine, coarse], [1, 2, 3])).toThrow(
    new Error("mixture(weights): expected 2 weights, one per distribution, got 3. Leave weights out to draw all distributions alike."),
  );
  const line = { ...linear([3, 5], { weightAtSmallest: 1, weightAtLargest: 2 }), weightAtLargest: -2 };
  expect(() => mixture([fine, line])).toThrow(
    new Error(
      "mixture(distributions[1].weightAtLargest): expected a finite weight of at least 0, got -2. A weight of 0 leaves the size at that end out.",
    ),
  );
  expect(() => drawScheme({ kind: "mixture", distributions: [fine, { ...coarse, weights: [1] }], weights: [1, 0] }, 0, 0)).toThrow(
    "drawScheme(distributions[1].weights): expected 3 weights",
  );
});

test.each<[string, [number, number?][], string]>([
  ["no stage", [], "sequence(stages): expected at least one stage, got none. Add { fromStep: 0, distribution }."],
  [
    "a late start",
    [[5]],
    "sequence(stages[0].fromStep): expected 0, the first step, got 5. Steps 0 to 4 have no distribution: let each stage start where the one before ends.",
  ],
  [
    "a gap",
    [[0, 10], [12]],
    "sequence(stages[1].fromStep): expected 10, where stages[0] ends, got 12. Steps 10 to 11 have no distribution: let each stage start where the one before ends.",
  ],
  [
    "an overlap",
    [[0, 10], [8]],
    "sequence(stages[1].fromStep): expected 10, where stages[0] ends, got 8. Steps 8 to 9 have two distributions: let each stage start where the one before ends.",
  ],
  ["half a step", [[0, 10], [9.5]], "sequence(stages[1].fromStep): expected 10, where stages[0] ends, got 9.5. Count training steps."],
  [
    "an open stage in the middle",
    [[0], [8]],
    "sequence(stages[0].untilStep): expected a step, got none. Only the last stage may stay open: write untilStep 8, where the next stage starts.",
  ],
  [
    "a stage of no steps",
    [[0, 3], [3, 3]],
    "sequence(stages[1].untilStep): expected a whole number above fromStep 3, got 3. A stage ends before untilStep, so it takes at least 4.",
  ],
])("a sequence with %s is refused", (_, ranges, message) => {
  const stages = ranges.map(([fromStep, untilStep]): SchemeStage => ({ fromStep, ...(untilStep && { untilStep }), distribution: fine }));
  expect(() => sequence(stages)).toThrow(new Error(message));
});

test("a step after the end of the last stage is refused, and at once so is a stage whose own curriculum ends before it", () => {
  const short = sequence([{ fromStep: 0, untilStep: 30, distribution: fine }]);
  expect(drawScheme(short, 0, 29)).toBeDefined();
  expect(() => drawScheme(short, 0, 30)).toThrow(
    new Error(
      "drawScheme(stages[0].untilStep): expected at least 31, the number of steps to draw for, got 30. Leave untilStep out to keep the last stage, or add a stage.",
    ),
  );
  const stages: SchemeStage[] = [{ fromStep: 0, untilStep: 40, distribution: mixture([fine, short]) }];
  expect(() => sequence(stages)).toThrow(
    "sequence(stages[0].distribution.distributions[1].stages[0].untilStep): expected at least 40, the number of steps to draw for, got 30.",
  );
});
