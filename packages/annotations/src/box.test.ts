import { expectClose, readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { boxArea, boxOverlap, cocoBoxIous, convertBox, type Box, type BoxForm, type Overlap } from "./index.ts";

const arrays = await readFixture("detect/box-ops.npz");
const boxesOf = (name: string): Box[] => {
  const { shape: [count], data } = arrays[name];
  return Array.from({ length: count }, (_, i) => Array.from(data.subarray(4 * i, 4 * i + 4)) as unknown as Box);
};
const noise = { relative: 1e-6, absolute: 1e-6 }; // the reference computes in float32; its noise is 2.6e-7
const forms: BoxForm[] = ["xyxy", "xywh", "cxcywh"];

test("a box of width 5 and height 7 at (2, 3) is [2, 3, 7, 10], [2, 3, 5, 7] and [4.5, 6.5, 5, 7], from and to each form", () => {
  const same: Record<BoxForm, Box> = { xyxy: [2, 3, 7, 10], xywh: [2, 3, 5, 7], cxcywh: [4.5, 6.5, 5, 7] };
  for (const from of forms) for (const to of forms) expect(convertBox(same[from], from, to)).toEqual(same[to]);
});

test("areas and centre form of 9 boxes equal torchvision's", () => {
  const boxes = boxesOf("boxes_a");
  expectClose(boxes.map(boxArea), arrays["area_a"].data, noise);
  expectClose(boxes.flatMap((box) => convertBox(box, "xyxy", "cxcywh")), arrays["a_cxcywh"].data, noise);
});

test("every overlap of a box with itself is 1, and all are 0 or below without a common pixel", () => {
  for (const measure of ["iou", "giou", "diou", "ciou"] as const) {
    expect(boxOverlap([2, 3, 7, 10], [2, 3, 7, 10], measure)).toBe(1);
    expect(boxOverlap([0, 0, 2, 3], [2, 0, 5, 7], measure)).toBeLessThanOrEqual(0);
  }
});

test.each(["iou", "giou", "diou", "ciou"] as Overlap[])("%s of 9 x 7 boxes equals torchvision's", (measure) => {
  const ours = boxesOf("boxes_a").flatMap((a) => boxesOf("boxes_b").map((b) => boxOverlap(a, b, measure)));
  expectClose(ours, arrays[measure].data, noise);
});

test("boxes without area overlap nothing: 0, not NaN", () => {
  for (const measure of ["iou", "giou", "diou", "ciou"] as const) expect(boxOverlap([2, 3, 2, 3], [2, 3, 2, 3], measure)).toBe(0);
});

test("a crowd of 10x10 covers three quarters of a detection of 4x2 that sticks out by 1: 0.75, and 6 / 102 if it is no crowd", () => {
  const [detection, crowd]: Box[] = [[7, 5, 4, 2], [0, 0, 10, 10]];
  expect(cocoBoxIous([detection], [crowd, crowd], [true, false])).toEqual([[6 / 8, 6 / 102]]);
});

test("other forms and measures are refused", () => {
  expect(() => convertBox([0, 0, 1, 1], "xyhw" as BoxForm, "xyxy")).toThrow(
    new Error('convertBox(from): expected one of xyxy, xywh, cxcywh, got "xyhw". Use one of these forms.'),
  );
  expect(() => boxOverlap([0, 0, 1, 1], [0, 0, 1, 1], "dice" as Overlap)).toThrow(
    new Error('boxOverlap(measure): expected one of iou, giou, diou, ciou, got "dice". Use one of these measures.'),
  );
});
