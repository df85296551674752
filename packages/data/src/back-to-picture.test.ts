import { encodeMask, maskPixels } from "@flexivit/annotations";
import fc from "fast-check";
import { expect, test } from "vitest";
import { objectsInPicture } from "./back-to-picture.ts";
import { viewObjects } from "./object-view.ts";
import type { Seen, Size } from "./view.ts";

const size: Size = [7, 9];
const squash = ([height, width]: Size): Seen => ({
  size,
  view: { region: { top: 0, left: 0, height: 7, width: 9 }, resized: [height, width], window: { top: 0, left: 0, height, width }, flip: false, resampling: "pil-bilinear" },
});
/** Rows 1..4, columns 2..4. */
const pixels = Uint8Array.from({ length: 63 }, (_, i) => Number(i >= 9 && i < 45 && i % 9 >= 2 && i % 9 < 5));
const rectangle = { box: [2, 1, 5, 5] as const, class: 3, crowd: false, mask: encodeMask(pixels, size) };

/** Any view of a part of the picture, to any size. */
const views = fc
  .record({ top: fc.nat(3), left: fc.nat(4), height: fc.integer({ min: 2, max: 4 }), width: fc.integer({ min: 2, max: 5 }) })
  .chain((region) =>
    fc.record({
      region: fc.constant(region),
      resized: fc.tuple(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 3, max: 12 })),
      window: fc.record({ top: fc.integer({ min: -3, max: 3 }), left: fc.integer({ min: -3, max: 3 }), height: fc.integer({ min: 3, max: 9 }), width: fc.integer({ min: 3, max: 9 }) }),
      flip: fc.boolean(),
      resampling: fc.constant("pil-bilinear" as const),
    }),
  );

test("whatever the view, a box comes back as the part of itself that the view shows", () => {
  fc.assert(
    fc.property(views, (view) => {
      const { region, resized, window } = view;
      const [seen] = objectsInPicture(viewObjects([{ ...rectangle, mask: undefined }], view), { size, view });
      // What the window covers of the picture, along both axes.
      const shown = ([start, extent, first, length, side]: number[]): [number, number] =>
        [first, first + length].map((place) => start + (Math.min(Math.max(place, 0), side) * extent) / side) as [number, number];
      const [y0, y1] = shown([region.top, region.height, window.top, window.height, resized[0]]);
      const [x0, x1] = shown([region.left, region.width, window.left, window.width, resized[1]]);
      const part = [Math.max(2, x0), Math.max(1, y0), Math.min(5, x1), Math.min(5, y1)];
      if (!seen) expect(Math.min(part[2] - part[0], part[3] - part[1])).toBeLessThan(1e-9);
      else for (const [i, place] of seen.box.entries()) expect(place).toBeCloseTo(part[i], 9);
    }),
  );
});

test("a mask comes back to the bit from any view that is no smaller than what it shows, cut to that", () => {
  fc.assert(
    fc.property(views, (drawn) => {
      const view = { ...drawn, resized: drawn.resized.map((side, axis) => side + (axis === 0 ? drawn.region.height : drawn.region.width)) as [number, number] };
      // Whether the centre of the picture's pixel `i` along an axis lies in what the view shows.
      const shows = (i: number, [start, extent, first, length, side]: number[]): boolean => {
        const centre = ((i + 0.5 - start) * side) / extent - first;
        return i >= start && i < start + extent && centre >= 0 && centre < length;
      };
      const { region, resized, window } = view;
      const [rows, columns] = [[region.top, region.height, window.top, window.height, resized[0]], [region.left, region.width, window.left, window.width, resized[1]]];
      const [object] = objectsInPicture(viewObjects([rectangle], view), { size, view });
      expect(object ? [...maskPixels(object.mask!)] : Array(63).fill(0)).toEqual(Array.from(pixels, (inside, i) => (shows(Math.floor(i / 9), rows) && shows(i % 9, columns) ? inside : 0)));
    }),
  );
});

test("objects in pixels of 14x18 for a window of 4x3 come back as they are: a box [4, 2, 10, 10] is [2, 1, 5, 5], a mask keeps its detail", () => {
  const fine = viewObjects([rectangle], squash([14, 18]).view);
  expect(fine[0].box).toEqual([4, 2, 10, 10]);
  expect(objectsInPicture(fine, squash([4, 3]), [14, 18])).toEqual([rectangle]);
});

test("what lies outside of the picture is cut off, or left out", () => {
  const seen: Seen = { size, view: { ...squash(size).view, window: { top: -3, left: -3, height: 13, width: 15 } } };
  expect(objectsInPicture([{ box: [0, 0, 5, 6] }, { box: [0, 0, 3, 9] }], seen)).toEqual([{ box: [0, 0, 2, 3] }]);
});
