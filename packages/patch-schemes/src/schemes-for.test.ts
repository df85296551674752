import { expect, test } from "vitest";
import { gridOf } from "./grid.ts";
import { formatScheme, patchScheme } from "./scheme.ts";
import { paperPatchSizesAt240Px, schemesFor } from "./schemes-for.ts";

test("an image of 240 pixels allows exactly the paper's ten sizes between 25 and 900 tokens", () => {
  const allowed = schemesFor(240, { minTokens: 25, maxTokens: 900 });
  expect(allowed).toEqual(paperPatchSizesAt240Px.map((size) => patchScheme(size)));
  expect(allowed.map((scheme) => gridOf(scheme, 240).gridHeight)).toEqual([5, 6, 8, 10, 12, 15, 16, 20, 24, 30]);
});

test("an image that is not square allows the squares that divide both sides", () => {
  expect(schemesFor([18, 24]).map(formatScheme)).toEqual(["6", "3", "2", "1"]);
});

test("rectangles up to an aspect ratio come from the fewest tokens to the most", () => {
  const allowed = schemesFor([6, 8], { maxAspectRatio: 2, maxTokens: 12 });
  expect(allowed.map(formatScheme)).toEqual(["6x8", "6x4", "3x4", "2x4", "3x2", "2"]);
  expect(schemesFor([2, 3], { maxAspectRatio: Infinity }).map(formatScheme)).toEqual(["2x3", "1x3", "2x1", "1"]);
});

test("patches of two strides cover an image whose sides the stride divides: one stride less than the image holds, per side", () => {
  const halved = schemesFor([12, 18], { overlap: 2, maxTokens: 40 });
  expect(halved.map(formatScheme)).toEqual(["12x12/6x6", "6x6/3x3", "4x4/2x2"]);
  expect(halved.map((scheme) => gridOf(scheme, [12, 18]))).toEqual([
    { gridHeight: 1, gridWidth: 2 },
    { gridHeight: 3, gridWidth: 5 },
    { gridHeight: 5, gridWidth: 8 },
  ]);
  expect(schemesFor([4, 6], { overlap: 3, maxAspectRatio: 2 }).map(formatScheme)).toEqual(["3x6/1x2", "3x3/1x1"]);
});

test("limits that no scheme meets give an empty list", () => {
  expect(schemesFor(241, { minTokens: 2, maxTokens: 1000 })).toEqual([]);
});

test("impossible limits are refused", () => {
  expect(() => schemesFor(240, { minTokens: 9, maxTokens: 4 })).toThrow(
    new Error("schemesFor(minTokens): expected at most maxTokens, 4, got 9. Swap the two limits."),
  );
  expect(() => schemesFor(240, { maxAspectRatio: 0.5 })).toThrow(
    new Error("schemesFor(maxAspectRatio): expected at least 1, got 0.5. 1 allows squares only, 2 also 16x8."),
  );
  expect(() => schemesFor(240, { overlap: 1.5 })).toThrow(
    new Error("schemesFor(overlap): expected a whole number of at least 1, got 1.5. 1 puts patches side by side, 2 shifts them by half a patch."),
  );
  expect(() => schemesFor([0, 8])).toThrow("schemesFor(imageSize): expected whole pixels above 0");
});
