import { expectClose, readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { confusionMatrix } from "./confusion.ts";
import { mergePanoptic } from "./merge-panoptic.ts";
import { segmentationMetrics } from "./metrics.ts";
import { panopticCounts, panopticQuality } from "./panoptic-quality.ts";

type Figures = Record<"pq" | "sq" | "rq" | "tp" | "fp" | "fn" | "iou_sum", number>;
type Expected = {
  seg: Record<string, number>;
  pan: { things: number[]; stuffs: number[]; per_category: Record<string, Figures>; pq_sq_rq_mean_over_categories: number[] };
};

const arrays = await readFixture("segment-depth/arrays.npz");
const { seg, pan } = await readFixture<Expected>("segment-depth/expected.json");
const pixels = 24 * 32; // of each of three images
const image = (name: string, i: number) => arrays[name].data.slice(i * pixels, (i + 1) * pixels);

test("truth against itself: every figure is 1, and a class that does not occur has none", () => {
  const figures = segmentationMetrics(confusionMatrix([0, 2, 2, 255], [0, 2, 2, 1], { classes: 3 }));
  expect(figures).toEqual({
    iou: [1, NaN, 1], meanIou: 1, meanIouOfTruth: 1, pixelAccuracy: 1, meanAccuracy: 1, frequencyWeightedIou: 1, dice: [1, NaN, 1], meanDice: 1,
  });
});

test("three images one after the other give scikit-learn's confusion matrix of all, and its figures within 1e-12", () => {
  const options = { classes: 7, ignoreLabel: 255 };
  const first = confusionMatrix(image("seg/gt", 0), image("seg/pred", 0), options);
  const all = confusionMatrix(image("seg/gt", 2), image("seg/pred", 2), options, confusionMatrix(image("seg/gt", 1), image("seg/pred", 1), options, first));
  expect([...all.counts]).toEqual([...arrays["seg/confusion"].data]);
  const figures = segmentationMetrics(all);
  expectClose(figures.iou, arrays["seg/iou_per_class"], { relative: 1e-6 }); // stored as float32
  expectClose(figures.meanIou, seg.miou_over_classes_with_nonzero_union, { relative: 1e-12 });
  expectClose(figures.meanIouOfTruth, seg.miou_over_ground_truth_classes, { relative: 1e-12 });
  expectClose(figures.pixelAccuracy, seg.pixel_accuracy, { relative: 1e-12 });
  expectClose(figures.meanAccuracy, seg.mean_class_accuracy_over_ground_truth_classes, { relative: 1e-12 });
  expectClose(figures.frequencyWeightedIou, seg.frequency_weighted_iou, { relative: 1e-12 });
  expectClose(figures.dice, figures.iou.map((iou) => (2 * iou) / (1 + iou)), { relative: 1e-12 });
  expectClose(figures.meanDice, figures.dice.reduce((a, b) => a + b) / 7, { relative: 1e-12 });
});

test("rows are the truth: one pixel of class 2 taken for 0 stands in row 2, column 0, and matrices are not changed by adding", () => {
  const one = confusionMatrix([2], [0], { classes: 3 });
  expect([...one.counts]).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0]);
  confusionMatrix([1], [1], { classes: 3 }, one);
  expect([...one.counts]).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0]);
});

test("panoptic quality equals torchmetrics per category and in the mean", () => {
  const categories = { things: pan.things, stuff: pan.stuffs };
  const [truth, prediction] = ["pan/gt", "pan/pred"].map((name) => {
    const [images, height, width] = arrays[name].shape;
    const plane = (offset: number) => arrays[name].data.filter((_, i) => i % 2 === offset);
    return Array.from({ length: images }, (_, i) => {
      const part = (x: ArrayLike<number>) => Array.from(x).slice(i * height * width, (i + 1) * height * width);
      return { categories: part(plane(0)), instances: part(plane(1)) };
    });
  });
  const counts = truth.reduce<ReturnType<typeof panopticCounts> | undefined>((before, map, i) => panopticCounts(map, prediction[i], categories, before), undefined)!;
  const quality = panopticQuality(counts);
  for (const [id, expected] of Object.entries(pan.per_category)) {
    const { matched, onlyPredicted, onlyTrue, iouSum } = counts[Number(id)];
    expect([matched, onlyPredicted, onlyTrue]).toEqual([expected.tp, expected.fp, expected.fn]);
    const { pq, sq, rq } = quality.perCategory[Number(id)];
    expectClose([iouSum, pq, sq, rq], [expected.iou_sum, expected.pq, expected.sq, expected.rq], { relative: 1e-12 });
  }
  expectClose([quality.pq, quality.sq, quality.rq], pan.pq_sq_rq_mean_over_categories, { relative: 1e-12 });
});

test("void in the truth: a prediction of 4 pixels, one of them void, still has an IoU of 1; one of void alone is not wrong", () => {
  const categories = { things: [1], stuff: [0] };
  const truth = { categories: [0, 1, 1, 1, 9, 9, 9, 0], instances: [0, 5, 5, 5, 0, 0, 0, 0] };
  const prediction = { categories: [0, 1, 1, 1, 1, 1, 1, 0], instances: [3, 1, 1, 1, 1, 2, 2, 4] };
  expect(panopticCounts(truth, prediction, categories)).toEqual({
    0: { matched: 1, onlyPredicted: 0, onlyTrue: 0, iouSum: 1 },
    1: { matched: 1, onlyPredicted: 0, onlyTrue: 0, iouSum: 1 },
  });
});

test("a category that does not occur does not count in the mean, one that is never found counts as 0", () => {
  const truth = { categories: [0, 1], instances: [0, 1] };
  const counts = panopticCounts(truth, { categories: [0, 0], instances: [0, 0] }, { things: [1, 2], stuff: [0] });
  const { pq, perCategory } = panopticQuality(counts);
  expect(perCategory).toEqual({ 0: { pq: 0, sq: 0, rq: 0 }, 1: { pq: 0, sq: 0, rq: 0 }, 2: { pq: NaN, sq: NaN, rq: NaN } });
  expect(pq).toBe(0);
});

test("the better thing takes the pixels, one that is hidden to more than half is dropped, small stuff becomes void", () => {
  const labels = [0, 0, 0, 3, 3, 0, 0, 0];
  const instances = [
    { category: 1, score: 0.5, mask: [1, 1, 1, 1, 0, 0, 0, 0] },
    { category: 2, score: 0.9, mask: [0, 0, 1, 1, 1, 0, 0, 0] },
    { category: 1, score: 0.4, mask: [0, 1, 1, 0, 1, 0, 0, 0] },
  ];
  const merged = mergePanoptic(labels, instances, { things: [1, 2], stuff: [0, 3], leastStuffPixels: 3 });
  expect([...merged.categories]).toEqual([1, 1, 2, 2, 2, 0, 0, 0]);
  expect([...merged.instances]).toEqual([2, 2, 1, 1, 1, 0, 0, 0]);
  const strict = mergePanoptic(labels, instances, { things: [1, 2], stuff: [0, 3], leastStuffPixels: 6, mostHidden: 0.4 });
  expect([...strict.categories]).toEqual([255, 255, 2, 2, 2, 255, 255, 255]);
});

test("255 classes leave 255 for pixels that do not count; of 256 it is one, so another label has to be given, and no category is void", () => {
  expect([...confusionMatrix([254, 255], [254, 3], { classes: 255 }).counts.entries()].filter(([, count]) => count > 0)).toEqual([[254 * 255 + 254, 1]]);
  expect(() => confusionMatrix([255], [255], { classes: 256 })).toThrow(
    new Error("confusionMatrix(ignoreLabel): expected one beside 256 classes, of which 255 is one, got none. Give a number that is no class, such as -1."),
  );
  const { counts } = confusionMatrix([255, 255, -1], [255, 3, 3], { classes: 256, ignoreLabel: -1 });
  expect([...counts.entries()].filter(([, count]) => count > 0)).toEqual([[255 * 256 + 3, 1], [255 * 256 + 255, 1]]);
  expect(() => mergePanoptic([0], [], { things: [1], stuff: [0, 255] })).toThrow(
    new Error("mergePanoptic(voidCategory): expected a number that is neither thing nor stuff, got 255. Give another one, such as -1."),
  );
});

test("maps of another size, labels that are no class and masks of stuff are refused", () => {
  expect(() => confusionMatrix([0, 1], [0], { classes: 2 })).toThrow(
    new Error("confusionMatrix(predictions): expected 2 labels, one per pixel of the truth, got 1. Resize the logits to the labels first."),
  );
  expect(() => confusionMatrix([0, 2], [0, 1], { classes: 2 })).toThrow(
    new Error("confusionMatrix(truth): expected labels from 0 to 1 or 255, got 2 at 1. Check the offset of the labels."),
  );
  expect(() => confusionMatrix([0, 1], [0, 255], { classes: 2 })).toThrow(
    new Error("confusionMatrix(predictions): expected labels from 0 to 1, got 255 at 1. Check the offset of the labels."),
  );
  expect(() => confusionMatrix([0], [0], { classes: 2 }, confusionMatrix([0], [0], { classes: 3 }))).toThrow(
    new Error("confusionMatrix(before): expected a matrix of 2 classes, got 3. Add matrices of the same classes."),
  );
  const map = { categories: [0, 0], instances: [0, 0] };
  expect(() => panopticCounts(map, { categories: [0], instances: [0] }, { things: [], stuff: [0] })).toThrow(
    new Error("panopticCounts(prediction): expected maps of 2 pixels, as the truth has, got 1. Resize the prediction."),
  );
  expect(() => mergePanoptic([0], [{ category: 0, score: 1, mask: [1] }], { things: [1], stuff: [0] })).toThrow(
    new Error("mergePanoptic(instances): expected masks of 1 pixels of a category of 1, got 1 pixels of category 0. Resize the mask or list the category in things."),
  );
});
