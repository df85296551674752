import { expect, test } from "vitest";
import { gridOf } from "./grid.ts";
import { patchScheme } from "./scheme.ts";

test("patches that divide the image make a grid of image / patch", () => {
  expect(gridOf(patchScheme(48), 240)).toEqual({ gridHeight: 5, gridWidth: 5 });
  expect(gridOf(patchScheme([8, 10]), [48, 70])).toEqual({ gridHeight: 6, gridWidth: 7 });
  expect(gridOf(patchScheme([30, 40]), [30, 40])).toEqual({ gridHeight: 1, gridWidth: 1 });
});

test("overlapping patches are counted by their stride", () => {
  expect(gridOf(patchScheme(16, 8), [48, 64])).toEqual({ gridHeight: 5, gridWidth: 7 });
  expect(gridOf(patchScheme(16, [4, 16]), 32)).toEqual({ gridHeight: 5, gridWidth: 2 });
});

test("crop gives the grid of a convolution without padding", () => {
  // big_vision on a 47 x 47 image at sequence side 8: patches of 5, a 9 x 9 grid (case 47x47_seqhw8 of the fixtures).
  expect(gridOf(patchScheme(5), 47, "crop")).toEqual({ gridHeight: 9, gridWidth: 9 });
  expect(gridOf(patchScheme(7, 3), [20, 24], "crop")).toEqual({ gridHeight: 5, gridWidth: 6 });
});

test("left-over pixels are refused with what would fit", () => {
  expect(() => gridOf(patchScheme(13), 240)).toThrow(
    new Error(
      "gridOf(imageSize): expected patches of 13x13 to cover the image 240x240, got a remainder of 6 pixels in height and 6 pixels in width. " +
        "Resize the image to height 234 or 247 and width 234 or 247, use patches of height 12 or 15 and width 12 or 15, " +
        'or pass remainder "crop" to leave these pixels out.',
    ),
  );
});

test("only the side that does not fit is named", () => {
  expect(() => gridOf(patchScheme([8, 10]), [48, 71])).toThrow(
    new Error(
      "gridOf(imageSize): expected patches of 8x10 to cover the image 48x71, got a remainder of 1 pixel in width. " +
        'Resize the image to width 70 or 80, use patches of width 1 or 71, or pass remainder "crop" to leave these pixels out.',
    ),
  );
});

test("overlapping patches that leave pixels over are told by their stride", () => {
  expect(() => gridOf(patchScheme(16, 6), [40, 36])).toThrow(
    new Error(
      "gridOf(imageSize): expected patches of 16x16 with stride 6x6 to cover the image 40x36, got a remainder of 2 pixels in width. " +
        'Resize the image to width 34 or 40, or pass remainder "crop" to leave these pixels out.',
    ),
  );
});

test("a patch larger than the image is refused, cropped or not", () => {
  for (const remainder of ["error", "crop"] as const) {
    expect(() => gridOf(patchScheme([32, 20]), [30, 40], remainder)).toThrow(
      new Error(
        "gridOf(imageSize): expected an image no smaller than one patch of 32x20 pixels, got 30x40. " +
          "Use patches of at most 30x20, or resize the image to at least 32x40.",
      ),
    );
  }
});

test("an unknown way with the remainder is refused", () => {
  expect(() => gridOf(patchScheme(8), 48, "pad" as "crop")).toThrow(
    new Error('gridOf(remainder): expected one of error, crop, got "pad". Pass one of these names.'),
  );
});
