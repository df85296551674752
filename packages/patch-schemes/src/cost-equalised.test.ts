import { expect, test } from "vitest";
import { schemeCost } from "./cost.ts";
import { costEqualised } from "./cost-equalised.ts";
import { schemeProbabilities } from "./draw.ts";
import { patchScheme } from "./scheme.ts";
import { paperPatchSizesAt240Px } from "./schemes-for.ts";

const vitBase = { dim: 768, depth: 12, hiddenDim: 3072, prefixTokens: 1, classes: 1000 };

test("every scheme takes the same share of a step's expected multiply-adds, the harmonic mean of their costs", () => {
  const schemes = [...paperPatchSizesAt240Px, "16/8", "12x20"];
  const found = schemeProbabilities(costEqualised(schemes, 240, vitBase), 7);
  expect(found).toHaveLength(12);
  const costs = found.map(({ scheme }) => schemeCost(scheme, 240, vitBase).multiplyAdds);
  const harmonicMean = 12 / costs.reduce((sum, cost) => sum + 1 / cost, 0);
  for (const [index, { probability }] of found.entries()) expect((probability * costs[index] * 12) / harmonicMean).toBeCloseTo(1, 12);
});

test("patches of 30, 16 and 8 of a ViT-B are drawn in the inverse ratio of the costs that a profiler measured", () => {
  const [at30, at16, at8] = schemeProbabilities(costEqualised([30, 16, 8], 240, vitBase), 0).map(({ probability }) => probability);
  // 5.73, 20.3 and 91.6 billion, rounded to three digits: 0.3 % for their ratio.
  expect(Math.abs(at30 / at8 / (91.6 / 5.73) - 1)).toBeLessThan(0.003);
  expect(Math.abs(at16 / at8 / (91.6 / 20.3) - 1)).toBeLessThan(0.003);
});

test("of a model only the sizes are kept, with the defaults written out", () => {
  const config = { dim: 32, depth: 1, hiddenDim: 128, heads: 2, pooling: "gap" };
  expect(costEqualised([3, "5/2"], [15, 9], config)).toStrictEqual({
    kind: "cost-equalised",
    schemes: [patchScheme(3), patchScheme(5, 2)],
    imageSize: [15, 9],
    model: { dim: 32, depth: 1, hiddenDim: 128, channels: 3, prefixTokens: 0, classes: 0 },
    remainder: "error",
  });
});

test("a scheme without a cost is refused unless the rest is cropped, and so are a model without sizes and no scheme", () => {
  expect(() => costEqualised([8, 7], 24, vitBase)).toThrow("gridOf(imageSize): expected patches of 7x7 to cover the image 24x24, got a remainder of 3 pixels");
  expect(schemeProbabilities(costEqualised([8, 7], 24, vitBase, "crop"), 0)).toHaveLength(2);
  expect(() => costEqualised([8], 24, { ...vitBase, dim: 0 })).toThrow(
    new Error("schemeCost(model.dim): expected a whole number of at least 1, got 0. Pass the model's sizes, such as { dim: 768, depth: 12, hiddenDim: 3072 }."),
  );
  expect(() => costEqualised([], 24, vitBase)).toThrow("costEqualised(schemes): expected at least one scheme, got none.");
});
