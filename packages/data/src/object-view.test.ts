import { convertBox, encodeMask, maskBox, maskPixels } from "@flexivit/annotations";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyView, type Size, type View } from "./view.ts";
import { viewObjects } from "./object-view.ts";

const size: Size = [7, 9];
const whole: View = { region: { top: 0, left: 0, height: 7, width: 9 }, resized: size, window: { top: 0, left: 0, height: 7, width: 9 }, flip: false, resampling: "pil-bilinear" };
/** Rows 1..4, columns 2..4. */
const pixels = Uint8Array.from({ length: 63 }, (_, i) => Number(i >= 9 && i < 45 && i % 9 >= 2 && i % 9 < 5));
const rectangle = { box: [2, 1, 5, 5] as const, class: 3, crowd: false, mask: encodeMask(pixels, size) };

/** Any region, enlarged by whole factors, and any window, also one that reaches outside. */
const views = fc
  .record({ top: fc.nat(4), left: fc.nat(6), height: fc.integer({ min: 1, max: 3 }), width: fc.integer({ min: 1, max: 3 }), zoomY: fc.integer({ min: 1, max: 3 }), zoomX: fc.integer({ min: 1, max: 3 }) })
  .chain(({ top, left, height, width, zoomY, zoomX }) =>
    fc.record({
      region: fc.constant({ top, left, height, width }),
      resized: fc.constant([height * zoomY, width * zoomX] as const),
      window: fc.record({ top: fc.integer({ min: -2, max: 2 }), left: fc.integer({ min: -2, max: 2 }), height: fc.integer({ min: 1, max: 8 }), width: fc.integer({ min: 1, max: 8 }) }),
      flip: fc.boolean(),
      resampling: fc.constant("pil-bilinear" as const),
    }),
  );

test("through the whole view an object stays what it is", () => {
  expect(viewObjects([rectangle], whole)).toEqual([rectangle]);
});

test("at twice the size, mirrored, a box [2, 1, 5, 5] of a picture 9 wide is [8, 2, 14, 10]", () => {
  const view: View = { ...whole, resized: [14, 18], window: { top: 0, left: 0, height: 14, width: 18 }, flip: true };
  expect(viewObjects([{ box: rectangle.box, class: 3, crowd: true }], view)).toEqual([{ box: [8, 2, 14, 10], class: 3, crowd: true }]);
});

test("where nothing is resized, a mask is cut and mirrored exactly as the pixels of the picture", () => {
  fc.assert(
    fc.property(views, (drawn) => {
      const view: View = { ...drawn, resized: [drawn.region.height, drawn.region.width] };
      const out = new Uint8Array(view.window.height * view.window.width);
      applyView(pixels, size, 1, view, out);
      const [shown] = viewObjects([rectangle], view);
      expect(shown ? [...maskPixels(shown.mask!)] : [...out].map(() => 0)).toEqual([...out]);
    }),
  );
});

test("through any view with whole factors, the box of a rectangle is that around its mask, or both are gone", () => {
  fc.assert(
    fc.property(views, (view) => {
      const [shown] = viewObjects([rectangle], view);
      const [boxAlone] = viewObjects([{ ...rectangle, mask: undefined }], view);
      expect(boxAlone?.box).toEqual(shown?.box);
      if (shown) expect(convertBox(maskBox(shown.mask!), "xywh", "xyxy")).toEqual(shown.box);
    }),
  );
});

test("a picture of 7 rows at 3 rows keeps the pixels on which centres fall: rows 1, 3 and 5", () => {
  const view: View = { ...whole, resized: [3, 9], window: { top: 0, left: 0, height: 3, width: 9 } };
  expect([...maskPixels(viewObjects([rectangle], view)[0].mask!)]).toEqual([1, 3, 5].flatMap((row) => [...pixels.subarray(9 * row, 9 * row + 9)]));
});
