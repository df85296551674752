import { maskArea, maskBox } from "@flexivit/annotations";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cocoResults, decodeDetections, evaluateCoco, type Predictions } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const logit = (share: number) => Math.log(share / (1 - share));
/** Two pictures, three boxes each, two classes. */
const predictions = (): Predictions => ({
  logits: tf.tensor3d([[[0.9, 0.01], [0.02, 0.7], [0.8, 0.3]], [[0.01, 0.01], [0.01, 0.6], [0.01, 0.01]]].map((boxes) => boxes.map((row) => row.map(logit)))),
  boxes: tf.tensor3d([[[0.5, 0.5, 0.4, 0.2], [0.25, 0.5, 0.1, 1], [0.5, 0.5, 0.4, 0.22]], [[0, 0, 0, 0], [0.9, 0.5, 0.4, 0.5], [0, 0, 0, 0]]]),
});
const sizesPx = [[10, 20], [30, 50]] as const;

test("classes of boxes come by falling score, in pixels of each picture, cut where they reach outside", async () => {
  const [first, second] = await decodeDetections(predictions(), { sizesPx });
  expect(first.map((found) => found.class)).toEqual([0, 0, 1, 1]);
  expectClose(first.map(({ score }) => score), [0.9, 0.8, 0.7, 0.3], { relative: 1e-6 });
  expectClose(first[0].box, [6, 4, 14, 6], { relative: 1e-6 });
  expectClose(first[2].box, [4, 0, 6, 10], { relative: 1e-6 });
  expect(second.length).toBe(1);
  expectClose(second[0].box, [35, 7.5, 50, 22.5], { relative: 1e-6 });
});

test("above an IoU of 0.8 the worse of two boxes of a class goes, and of what is left the best 2 stay", async () => {
  const [first] = await decodeDetections(predictions(), { sizesPx, iouThreshold: 0.8 });
  expectClose(first.map(({ score }) => score), [0.9, 0.7, 0.3], { relative: 1e-6 });
  const [two] = await decodeDetections(predictions(), { sizesPx, iouThreshold: 0.8, most: 2, scoreThreshold: 0.5 });
  expectClose(two.map(({ score }) => score), [0.9, 0.7], { relative: 1e-6 });
});

test("under softmax a box is its best class, with the share that no object leaves: of logits 1, 2 and 3, e^2 / (e + e^2 + e^3)", async () => {
  const [[found], none] = await decodeDetections(
    { logits: tf.tensor3d([[[1, 2, 3]], [[1, 2, 9]]]), boxes: tf.fill([2, 1, 4], 0.5) },
    { objective: "softmax", sizesPx },
  );
  expect([found.class, none]).toEqual([1, []]);
  expectClose(found.score, Math.exp(2) / (Math.exp(1) + Math.exp(2) + Math.exp(3)), { relative: 1e-6 });
});

test("a mask is where the product with its box's embedding is above 0: of 4x8 cells the left half is 5 of 10 columns", async () => {
  const columns = tf.tensor1d([1, 1, 1, 1, -1, -1, -1, -1]);
  const pixels = tf.stack([tf.tile(tf.reshape(columns, [1, 1, 8]), [1, 4, 1]), tf.ones([1, 4, 8])], 3) as tf.Tensor4D; // [1, 4, 8, 2]
  const embeddings = tf.tensor3d([[[9, 0], [0, 9], [-9, 0]]]);
  const { logits, boxes } = predictions();
  const [found] = await decodeDetections({ logits: tf.slice(logits, 0, 1), boxes: tf.slice(boxes, 0, 1), masks: { embeddings, pixels } }, { sizesPx: [[6, 10]] });
  const [left, right, whole] = [found[0].mask!, found[1].mask!, found[2].mask!];
  expect([maskBox(left), maskBox(right), maskBox(whole)]).toEqual([[0, 0, 5, 6], [5, 0, 5, 6], [0, 0, 10, 6]]);
  expect([maskArea(left), maskArea(right), maskArea(whole)]).toEqual([30, 30, 60]);
});

test("what was found, as COCO results, has AP 1 for boxes and masks against itself", async () => {
  const { logits, boxes } = predictions();
  const masks = { embeddings: tf.ones<tf.Rank.R3>([2, 3, 1]), pixels: tf.ones<tf.Rank.R4>([2, 4, 4, 1]) };
  const results = cocoResults(await decodeDetections({ logits, boxes, masks }, { sizesPx, scoreThreshold: 0.65 }), [7, 3], [30, 11]);
  expect(results.map(({ image_id, category_id }) => [image_id, category_id])).toEqual([[7, 30], [7, 30], [7, 11]]);
  const truth = {
    images: [{ id: 7, height: 10, width: 20 }, { id: 3, height: 30, width: 50 }],
    categories: [{ id: 11, name: "b" }, { id: 30, name: "a" }],
    annotations: [results[0], results[2]].map((object, id) => ({ ...object, id, area: 200 })),
  };
  for (const iou of ["bbox", "segm"] as const) expectClose(evaluateCoco(truth, results, iou).AP, 1, { relative: 1e-12 });
});

test("another number of pictures, ids or classes is refused", async () => {
  await expect(decodeDetections(predictions(), { sizesPx: [[10, 20]] })).rejects.toThrow(
    new Error("decodeDetections(sizesPx): expected one size for each of 2 pictures, got 1. Give height and width of each."),
  );
  expect(() => cocoResults([[]], [], [])).toThrow(new Error("cocoResults(imageIds): expected one for each of 1 pictures, got 0. Give both in the same order."));
  expect(() => cocoResults([[{ box: [0, 0, 1, 1], class: 1, score: 1 }]], [5], [30])).toThrow(
    new Error("cocoResults(categoryIds): expected one for each class, got 1 and class 1. Give the ids in the order of the head's classes."),
  );
});

test("nothing is left behind", async () => {
  const masks = { embeddings: tf.ones<tf.Rank.R3>([2, 3, 1]), pixels: tf.ones<tf.Rank.R4>([2, 4, 4, 1]) };
  const given = { ...predictions(), masks };
  await expectNoLeak(() => decodeDetections(given, { sizesPx }));
});
