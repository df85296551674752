import { expect, test } from "vitest";
import { formatScheme, parseScheme, patchScheme } from "./scheme.ts";

test("patches lie side by side unless a stride is given", () => {
  expect(patchScheme(12)).toEqual({ patchSize: [12, 12], stride: [12, 12] });
  expect(patchScheme([12, 10])).toEqual({ patchSize: [12, 10], stride: [12, 10] });
  expect(patchScheme([12, 10], 5)).toEqual({ patchSize: [12, 10], stride: [5, 5] });
});

test("a scheme survives its own text", () => {
  const texts = ["12", "12x10", "12x12/6x6", "12x10/6x5"];
  expect(texts.map((text) => formatScheme(parseScheme(text)))).toEqual(texts);
  expect(parseScheme("12/6")).toEqual(patchScheme(12, 6));
});

test("a stride larger than the patch is refused", () => {
  expect(() => patchScheme([12, 10], 11)).toThrow(
    new Error("patchScheme(stride): expected a stride of at most the patch, 12x10, got 11x11. A larger stride skips pixels: use a larger patch."),
  );
});

test("a size of half a pixel and a text with two strides are refused", () => {
  expect(() => patchScheme(7.5)).toThrow("patchScheme(patchSize): expected whole pixels above 0, as 12 or [12, 10] (height, width), got 7.5.");
  expect(() => parseScheme("12/6/3")).toThrow(
    new Error('parseScheme(text): expected "12x10" or "12x10/6x5" (patch/stride), got "12/6/3". Write at most one slash.'),
  );
});
