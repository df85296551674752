import { expect, test } from "vitest";
import { categorical, uniform } from "./categorical.ts";
import { mixture, sequence } from "./compose.ts";
import { costEqualised } from "./cost-equalised.ts";
import { gaussian } from "./gaussian.ts";
import { linear } from "./linear.ts";
import { parseDistribution } from "./parse-distribution.ts";

const model = { dim: 32, depth: 1, hiddenDim: 128 };

test("what JSON.stringify writes of a distribution of every kind, one in the other, is read as the same distribution", () => {
  const distribution = sequence([
    { fromStep: 0, untilStep: 70, distribution: mixture([uniform([12, "12/6"]), gaussian([6, [4, 2]], { centrePx: 5, stdPx: 3 })], [2, 1]) },
    { fromStep: 70, distribution: mixture([linear([6, 4], { weightAtSmallest: 0, weightAtLargest: 1 }), costEqualised([6, 4], [24, 12], model, "crop")]) },
  ]);
  expect(parseDistribution(JSON.stringify(distribution))).toStrictEqual(distribution);
});

test("schemes may be written as sizes and texts, in any part", () => {
  const list = '"schemes": [16, [12, 10], "12x10/6x5", {"patchSize": 8}, {"patchSize": [9, 7], "stride": 3}]';
  const schemes = [16, [12, 10] as const, "12x10/6x5", 8, "9x7/3"];
  expect(parseDistribution(`{"kind": "gaussian", ${list}, "centrePx": 10, "stdPx": 4}`)).toStrictEqual(gaussian(schemes, { centrePx: 10, stdPx: 4 }));
  expect(parseDistribution(`{"kind": "mixture", "distributions": [{"kind": "categorical", ${list}, "weights": [1, 2, 3, 4, 5]}]}`)).toStrictEqual(
    mixture([categorical(schemes, [1, 2, 3, 4, 5])]),
  );
});

test.each([
  ["[3, 5]", "parseDistribution(text): expected an object, got [3,5]. Write its fields in { }."],
  ['{"kind": "zipf"}', 'parseDistribution(kind): expected one of categorical, gaussian, linear, cost-equalised, mixture, sequence, got "zipf". Use one of these kinds.'],
  ['{"kind": "toString", "schemes": [3]}', 'parseDistribution(kind): expected one of categorical, gaussian, linear, cost-equalised, mixture, sequence, got "toString". Use one of these kinds.'],
  [
    '{"kind": "gaussian", "schemes": [3], "centrePx": 3, "std": 2}',
    "parseDistribution(std): expected no such field, got one. The kind gaussian takes schemes, centrePx, stdPx.",
  ],
  [
    '{"kind": "mixture", "distributions": [{"kind": "linear", "schemes": [3, 5], "weightAtLargest": 1}]}',
    "parseDistribution(distributions[0].weightAtSmallest): expected a value, got none. The kind linear takes schemes, weightAtSmallest, weightAtLargest.",
  ],
  ['{"kind": "categorical", "schemes": 3}', "parseDistribution(schemes): expected a list, got 3. Put it in [ ]."],
  ['{"kind": "categorical", "schemes": []}', "parseDistribution(schemes): expected at least one scheme, got none. List patch sizes, such as [48, 24, 16]."],
  ['{"kind": "categorical", "schemes": [3, null]}', "parseDistribution(schemes[1]): expected an object, got null. Write its fields in { }."],
  [
    '{"kind": "categorical", "schemes": [{"patchSize": 12, "strides": 6}]}',
    "parseDistribution(schemes[0].strides): expected no such field, got one. A scheme takes patchSize, stride.",
  ],
  [
    '{"kind": "categorical", "schemes": [3, true]}',
    "patchScheme(patchSize): expected whole pixels above 0, as 12 or [12, 10] (height, width), got true. Round the sizes to whole pixels.",
  ],
  [
    '{"kind": "categorical", "schemes": [{"patchSize": null}]}',
    "patchScheme(patchSize): expected whole pixels above 0, as 12 or [12, 10] (height, width), got null. Round the sizes to whole pixels.",
  ],
  [
    '{"kind": "categorical", "schemes": [3, 5], "weights": [1, "2"]}',
    "parseDistribution(weights): expected finite weights of at least 0, got 2 at 1. A weight of 0 leaves a scheme out.",
  ],
  [
    '{"kind": "sequence", "stages": [{"fromStep": 0, "until": 5, "distribution": {"kind": "categorical", "schemes": [3]}}]}',
    "parseDistribution(stages[0].until): expected no such field, got one. A stage takes fromStep, untilStep, distribution.",
  ],
  [
    '{"kind": "sequence", "stages": [{"fromStep": 0, "distribution": {"kind": "categorical", "schemes": [3], "weights": [-1]}}]}',
    "parseDistribution(stages[0].distribution.weights): expected finite weights of at least 0, got -1 at 0. A weight of 0 leaves a scheme out.",
  ],
  [
    '{"kind": "cost-equalised", "schemes": [3], "imageSize": 6, "model": {"dim": 2, "depth": 1, "hidden": 3}}',
    "parseDistribution(model.hidden): expected no such field, got one. A model takes dim, depth, hiddenDim, channels, prefixTokens, classes.",
  ],
])("%s is refused", (text, message) => {
  expect(() => parseDistribution(text)).toThrow(new Error(message));
});

test("a text that is no JSON is refused with the place of the fault", () => {
  expect(() => parseDistribution("{kind: 3}")).toThrow(
    /^parseDistribution\(text\): expected JSON such as \{"kind": "categorical", "schemes": \[48, 24, 16\]\}, got a fault: .*position 1.*\. Quote names and words\.$/,
  );
});
