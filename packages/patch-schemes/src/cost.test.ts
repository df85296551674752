import { expect, test } from "vitest";
import { schemeCost } from "./cost.ts";
import { patchScheme } from "./scheme.ts";
import { paperPatchSizesAt240Px } from "./schemes-for.ts";

const base = { dim: 768, depth: 12, hiddenDim: 3072, prefixTokens: 1, classes: 1000 };

test("a one-block transformer on a 6x10 image cut by 3x5 takes the multiply-adds counted by hand", () => {
  // 4 patches of 30 values into 2 numbers; 5 tokens; 4 * 4 + 2 * 2 * 7 = 44 per token; 2 * 25 * 2 for attention; head 2 * 3.
  const cost = schemeCost(patchScheme([3, 5]), [6, 10], { dim: 2, depth: 1, hiddenDim: 7, channels: 2, prefixTokens: 1, classes: 3 });
  expect(cost).toEqual({ patches: 4, tokens: 5, multiplyAdds: 4 * 30 * 2 + 5 * 44 + 100 + 6 });
});

test.each([
  [48, 2.35],
  [30, 5.73],
  [16, 20.3],
  [8, 91.6],
])("ViT-B with a class token at 240 px and patch %i takes %f billion multiply-adds, as measured by a profiler", (patchSize, billions) => {
  const { multiplyAdds } = schemeCost(patchScheme(patchSize), 240, base);
  expect(Number((multiplyAdds / 1e9).toPrecision(3))).toBe(billions);
});

test("drawing the paper's sizes uniformly costs 1.29 times a fixed patch of 16", () => {
  const costs = paperPatchSizesAt240Px.map((size) => schemeCost(patchScheme(size), 240, base).multiplyAdds);
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  expect((mean / schemeCost(patchScheme(16), 240, base).multiplyAdds).toFixed(2)).toBe("1.29");
});

test("a scheme that does not fit the image has no cost unless the rest is cropped", () => {
  expect(() => schemeCost(patchScheme(7), 24, base)).toThrow("got a remainder of 3 pixels in height and 3 pixels in width");
  expect(schemeCost(patchScheme(7), 24, base, "crop").patches).toBe(9);
});

test("a model whose sizes are no whole numbers has no cost", () => {
  const message = (name: string, least: number, got: unknown) =>
    new Error(`schemeCost(model.${name}): expected a whole number of at least ${least}, got ${got}. Pass the model's sizes, such as { dim: 768, depth: 12, hiddenDim: 3072 }.`);
  expect(() => schemeCost(patchScheme(8), 24, { ...base, depth: 0 })).toThrow(message("depth", 1, 0));
  expect(() => schemeCost(patchScheme(8), 24, { dim: 768, depth: 12 } as typeof base)).toThrow(message("hiddenDim", 1, undefined));
  expect(() => schemeCost(patchScheme(8), 24, { ...base, classes: -1 })).toThrow(message("classes", 0, -1));
});
