import { expectClose, readFixture } from "@flexivit/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { combineMasks, convertBox, encodeMask, maskArea, maskBox, maskFromCoco, maskFromPolygons, maskIous, maskPixels, maskToCoco, type Box, type CocoRle, type Mask } from "./index.ts";

type Reference = {
  height: number;
  width: number;
  masks: { polygons: number[][]; rle: CocoRle; uncompressed: number[]; area: number; bbox: Box }[];
  iou: number[][];
  iou_crowd_columns_1_4: number[][];
  bbox_iou: number[][];
  union: CocoRle;
  intersection_0_1: CocoRle;
};
const reference = await readFixture<Reference>("detect/masks.json");
const size = [reference.height, reference.width] as const;
const masks = reference.masks.map(({ polygons }) => maskFromPolygons(polygons, size));

const pictures = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 7 })).chain(([height, width]) => {
  const pixels = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width });
  return fc.record({ height: fc.constant(height), width: fc.constant(width), a: pixels, b: pixels });
});

test("runs go down the columns: [[0, 1, 1], [0, 0, 1]] is 2 out, 1 in, 1 out, 2 in", () => {
  const mask = encodeMask([0, 1, 1, 0, 0, 1], [2, 3]);
  expect(mask).toEqual({ height: 2, width: 3, counts: [2, 1, 1, 2] });
  expect([maskArea(mask), maskBox(mask)]).toEqual([3, [1, 0, 2, 2]]);
  expect(encodeMask([1, 1], [1, 2]).counts).toEqual([0, 2]);
  expect(maskBox(encodeMask([0, 0], [1, 2]))).toEqual([0, 0, 0, 0]);
});

test("any pixels come back from runs and from packed runs, and boxes and counts of common pixels are those of the pixels", () => {
  fc.assert(
    fc.property(pictures, ({ height, width, a, b }) => {
      const [first, second] = [a, b].map((pixels) => encodeMask(pixels, [height, width])) as [Mask, Mask];
      expect([...maskPixels(first)]).toEqual(a);
      expect(maskFromCoco(maskToCoco(first), [height, width])).toEqual(first);
      const count = (f: (i: number) => number) => a.reduce((sum, _, i) => sum + f(i), 0);
      expect(combineMasks([first, second], "intersection")).toEqual(encodeMask(a.map((v, i) => v & b[i]), [height, width]));
      expect(combineMasks([first, second], "union")).toEqual(encodeMask(a.map((v, i) => v | b[i]), [height, width]));
      const inside = a.flatMap((v, i) => (v ? [i] : []));
      const [rows, columns] = [inside.map((i) => Math.floor(i / width)), inside.map((i) => i % width)];
      const box = convertBox(maskBox(first), "xywh", "xyxy");
      if (inside.length > 0) expect(box).toEqual([Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1]);
      const [shared, all] = [count((i) => a[i] & b[i]), count((i) => a[i] | b[i])];
      expect(maskIous([first], [second])).toEqual([[shared === 0 ? 0 : shared / all]]);
    }),
  );
});

test("6 polygons become the runs, areas and boxes of pycocotools to the pixel, packed into the same strings", () => {
  for (const [i, { uncompressed, rle, area, bbox }] of reference.masks.entries()) {
    expect([...masks[i].counts]).toEqual(uncompressed);
    expect(maskToCoco(masks[i])).toEqual(rle);
    expect(maskFromCoco(rle, size)).toEqual(masks[i]);
    expect(maskFromCoco({ size, counts: uncompressed }, size)).toEqual(masks[i]);
    expect([maskArea(masks[i]), maskBox(masks[i])]).toEqual([area, bbox]);
  }
});

test("IoU of all pairs, with columns 1 and 4 as crowd, union and intersection equal pycocotools'", () => {
  const rounding = { absolute: 1e-15 };
  expectClose(maskIous(masks, masks).flat(), reference.iou.flat(), rounding);
  const crowd = masks.map((_, i) => i === 1 || i === 4);
  expectClose(maskIous(masks, masks, crowd).flat(), reference.iou_crowd_columns_1_4.flat(), rounding);
  expect(maskToCoco(combineMasks(masks, "union"))).toEqual(reference.union);
  expect(maskToCoco(combineMasks(masks.slice(0, 2), "intersection"))).toEqual(reference.intersection_0_1);
});

test("a polygon outside the picture is an empty mask, no polygon too, and a corner given twice changes nothing", () => {
  expect(maskFromPolygons([[-9, -9, -2, -9, -2, -3]], [5, 7]).counts).toEqual([35]);
  expect(maskFromPolygons([], [5, 7]).counts).toEqual([35]);
  const [polygon] = reference.masks[0].polygons;
  expect(maskFromPolygons([[...polygon, polygon[0], polygon[1]]], size)).toEqual(masks[0]);
});

test("a run of 2^20 pixels survives packing", () => {
  const mask: Mask = { height: 2 ** 11, width: 2 ** 10, counts: [1, 2 ** 20, 3, 2 ** 20 - 4] };
  expect(maskFromCoco(maskToCoco(mask), [2 ** 11, 2 ** 10])).toEqual(mask);
});

test("other sizes, sums and characters, and half corners are refused", () => {
  expect(() => encodeMask([1, 0], [2, 3])).toThrow(new Error("encodeMask(pixels): expected 2x3 = 6 pixels, got 2. Check height and width."));
  expect(() => maskFromCoco({ size: [2, 3], counts: [6] }, [3, 2])).toThrow(
    new Error("maskFromCoco(segmentation): expected size [3, 2], as the picture, got [2, 3]. Correct the size."),
  );
  const damaged = "The mask is damaged: replace it.";
  expect(() => maskFromCoco({ size: [2, 3], counts: [5] }, [2, 3])).toThrow(
    new Error(`maskFromCoco(segmentation.counts): expected whole numbers that sum to 6, got a sum of 5. ${damaged}`),
  );
  expect(() => maskFromCoco({ size: [2, 3], counts: [7, -1] }, [2, 3])).toThrow(
    new Error(`maskFromCoco(segmentation.counts): expected whole numbers that sum to 6, got a run of -1. ${damaged}`),
  );
  for (const counts of ["é", "P"]) {
    expect(() => maskFromCoco({ size: [2, 3], counts }, [2, 3])).toThrow(
      new Error(`maskFromCoco(segmentation.counts): expected characters 0 to o that end with a last group, got "${counts}". ${damaged}`),
    );
  }
  expect(() => maskFromPolygons([[1, 2, 3, 4, 5]], [2, 3])).toThrow(
    new Error("maskFromPolygons(polygons): expected at least 3 corners of two finite numbers each, got [1, 2, 3, 4, 5]. Remove or correct the polygon."),
  );
  expect(() => combineMasks([encodeMask([1], [1, 1]), encodeMask([1, 0], [1, 2])], "union")).toThrow(
    new Error("combineMasks(masks): expected masks of one size, got 1x1 and 1x2. Resize the pictures or their masks."),
  );
  expect(() => combineMasks([], "union")).toThrow(new Error("combineMasks(masks): expected at least one mask, got none. Use encodeMask for an empty one."));
});
