import { expect, test } from "vitest";
import { formatSize, parseSize, sizeOf } from "./size.ts";

test("a text and the size it names are the same thing, height first", () => {
  expect(parseSize("12")).toEqual([12, 12]);
  expect(parseSize("12x10")).toEqual([12, 10]);
  expect(parseSize(" 7X30 ")).toEqual([7, 30]);
  for (const text of ["1", "48", "12x10", "7x30"]) expect(formatSize(parseSize(text))).toBe(text);
});

test("a text that is no size is refused", () => {
  expect(() => parseSize("12by10")).toThrow(
    new Error('parseSize(text): expected whole pixels as "12" or "12x10" (height x width), got "12by10". Write one number, or two joined by an x.'),
  );
  for (const text of ["", "0", "12x0", "-3", "1.5", "12x", "x12", "12x10x8", "1e3", "99999999999999999999"]) {
    expect(() => parseSize(text)).toThrow("parseSize(text): expected whole pixels");
  }
});

test("a size that is no pair of whole pixels is refused where it was given", () => {
  expect(sizeOf(5, "here")).toEqual([5, 5]);
  expect(() => sizeOf([12, 2.5], "gridOf(imageSize)")).toThrow(
    new Error("gridOf(imageSize): expected whole pixels above 0, as 12 or [12, 10] (height, width), got [12,2.5]. Round the sizes to whole pixels."),
  );
  expect(() => sizeOf([1, 2, 3] as unknown as [number, number], "f(x)")).toThrow("got [1,2,3]");
});
