import { readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { nms, type Box } from "./index.ts";

const arrays = await readFixture("detect/box-ops.npz");
const values = Array.from(arrays["nms/boxes"].data);
const boxes = Array.from({ length: 60 }, (_, i) => values.slice(4 * i, 4 * i + 4) as unknown as Box);
const [scores, classes] = [arrays["nms/scores"].data, arrays["nms/classes"].data];

test("of three equal boxes the best stays, of equal scores the first, and one per class", () => {
  const same: Box[] = [[0, 0, 2, 3], [0, 0, 2, 3], [0, 0, 2, 3]];
  expect(nms(same, [0.5, 0.7, 0.7], { iouThreshold: 0.5 })).toEqual([1]);
  expect(nms(same, [0.5, 0.7, 0.7], { iouThreshold: 0.5, classes: [4, 4, 2] })).toEqual([1, 2]);
  expect(nms(same, [0.5, 0.7, 0.7], { iouThreshold: 1 })).toEqual([1, 2, 0]); // an IoU of 1 is not above 1
});

test.each([0.3, 0.5, 0.7])("above IoU %d, 60 boxes are kept as torchvision's nms and batched_nms keep them, in that order", (iouThreshold) => {
  expect(nms(boxes, scores, { iouThreshold })).toEqual([...arrays[`nms/keep_${iouThreshold}`].data]);
  expect(nms(boxes, scores, { iouThreshold, classes })).toEqual([...arrays[`nms/batched_keep_${iouThreshold}`].data]);
});

test("another number of scores or classes, and a threshold above 1, are refused", () => {
  expect(() => nms(boxes, [1, 2], { iouThreshold: 0.5 })).toThrow(new Error("nms(scores): expected one for each of 60 boxes, got 2. Give all in the same order."));
  expect(() => nms(boxes, scores, { iouThreshold: 0.5, classes: [1] })).toThrow(
    new Error("nms(classes): expected one for each of 60 boxes, got 1. Give all in the same order."),
  );
  expect(() => nms(boxes, scores, { iouThreshold: 50 })).toThrow(new Error("nms(iouThreshold): expected a number from 0 to 1, got 50. 0.5 is usual."));
});
