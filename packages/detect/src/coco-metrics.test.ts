import type { CocoAnnotation, CocoDataset, CocoResult } from "@flexivit/annotations";
import { expectClose, readFixture } from "@flexivit/testing";
import { expect, test } from "vitest";
import { cocoMetrics, cocoNumberNames, evaluateCoco, type IouKind } from "./index.ts";

type Reference = {
  stats_order: string[];
  ground_truth: CocoDataset;
  detections: CocoResult[];
  results: Record<IouKind, { stats: number[]; per_category: Record<string, { AP: number; AP50: number; AP75: number; AR100: number }>; precision_iou50_all_max100: Record<string, number[]> }>;
};
const reference = await readFixture<Reference>("detect/coco-eval.json");
const { ground_truth: truth, detections } = reference;
const kinds: IouKind[] = ["bbox", "segm"];
const rounding = { absolute: 1e-12 }; // float64 on both sides, sums in another order

const square = (id: number, image_id: number, side: number, iscrowd: 0 | 1 = 0): CocoAnnotation => ({ id, image_id, category_id: 1, bbox: [0, 0, side, side], area: side * side, iscrowd });
const scene = (...annotations: CocoAnnotation[]): CocoDataset => ({
  images: [{ id: 1, width: 200, height: 200 }, { id: 2, width: 200, height: 200 }],
  annotations,
  categories: [{ id: 1, name: "square" }],
});
const found = (image_id: number, side: number, score: number): CocoResult => ({ image_id, category_id: 1, score, bbox: [0, 0, side, side] });

test("the objects themselves as detections have every number 1, and -1 where no object has that size", () => {
  const metrics = cocoMetrics(scene(square(1, 1, 20), square(2, 2, 100)), [found(1, 20, 0.9), found(2, 100, 0.8)], { iou: "bbox" });
  expectClose(cocoNumberNames.map((name) => metrics[name]), cocoNumberNames.map((name) => (name.endsWith("medium") ? -1 : 1)), rounding);
});

test("one of two objects found at IoU 0.81 counts at 7 of 10 thresholds: recall 0.35, and precision 1 at 51 of 101 recalls", () => {
  const { AP, AP75, AR100, perCategory } = cocoMetrics(scene(square(1, 1, 20), square(2, 2, 100)), [found(1, 18, 0.9)], { iou: "bbox" });
  expectClose([AP, AP75, AR100], [(0.7 * 51) / 101, 51 / 101, 0.35], rounding);
  expectClose(perCategory[0].precision50, [...Array<number>(51).fill(1), ...Array<number>(50).fill(0)], rounding);
});

test("of 12 objects in a picture that are all found, the best 1, 10 and 100 detections find 1, 10 and 12", () => {
  const boxOf = (i: number) => [15 * i, 0, 10, 10] as const;
  const objects = Array.from({ length: 12 }, (_, i) => ({ ...square(i, 1, 10), bbox: boxOf(i) }));
  const { AR1, AR10, AR100 } = cocoMetrics(scene(...objects), objects.map(({ bbox }, i) => ({ ...found(1, 10, 0.9 - i / 100), bbox })), { iou: "bbox" });
  expectClose([AR1, AR10, AR100], [1 / 12, 10 / 12, 1], rounding);
});

test("any number of detections inside a crowd region, and one outside all objects of a size, count neither for nor against", () => {
  const crowded = scene(square(1, 1, 20), square(2, 1, 150, 1));
  const many = [found(1, 20, 0.5), found(1, 140, 0.9), found(1, 141, 0.8), found(1, 142, 0.7)];
  const { AP, AR100, APsmall, APlarge } = cocoMetrics(crowded, many, { iou: "bbox" });
  expectClose([AP, AR100, APsmall, APlarge], [1, 1, 1, -1], rounding);
  expectClose(cocoMetrics(scene(square(1, 1, 20)), [found(1, 20, 0.5), found(2, 100, 0.9)], { iou: "bbox" }).APsmall, 1, rounding);
});

test.each(kinds)("the twelve numbers for %s of 326 detections in 40 pictures with crowds and ties equal pycocotools'", (iou) => {
  const metrics = cocoMetrics(truth, detections, { iou });
  expect(cocoNumberNames).toEqual(reference.stats_order);
  expectClose(cocoNumberNames.map((name) => metrics[name]), reference.results[iou].stats, rounding);
});

test.each(kinds)("AP, AP50, AP75 and AR100 for %s of each of 8 categories, and the curve at IoU 0.5, equal pycocotools'", (iou) => {
  const { perCategory } = cocoMetrics(truth, detections, { iou });
  expect(perCategory.map(({ id }) => String(id))).toEqual(Object.keys(reference.results[iou].per_category));
  for (const ours of perCategory) {
    const theirs = reference.results[iou].per_category[ours.id];
    expectClose([ours.AP, ours.AP50, ours.AP75, ours.AR100], [theirs.AP, theirs.AP50, theirs.AP75, theirs.AR100], rounding);
    if (ours.AP === -1) expect(ours.precision50).toEqual([]);
    else expectClose(ours.precision50.filter((_, i) => i % 10 === 0), reference.results[iou].precision_iou50_all_max100[ours.id], rounding);
  }
});

test("the order of detections with different scores, and of pictures and objects, changes nothing", () => {
  const distinct = detections.map((detection, i) => ({ ...detection, score: detection.score + i * 1e-7 }));
  const turned = { ...truth, images: truth.images.toReversed(), categories: truth.categories.toReversed() };
  expect(cocoMetrics(turned, distinct.toReversed(), { iou: "bbox" })).toEqual(cocoMetrics(truth, distinct, { iou: "bbox" }));
});

test("evaluateCoco counts 40 pictures, 169 objects and 326 detections, and gives the same numbers from the JSON of both files", () => {
  const evaluation = evaluateCoco(JSON.parse(JSON.stringify(truth)), JSON.parse(JSON.stringify(detections)), "segm");
  expect(evaluation).toEqual({ iou: "segm", images: 40, objects: 169, detections: 326, ...cocoMetrics(truth, detections, { iou: "segm" }) });
});

test("500 pictures of 80 categories with 100 detections each take less than 6 s of CPU time, a tenth of a minute for a tenth of COCO's validation set", () => {
  const images = Array.from({ length: 500 }, (_, id) => ({ id, width: 640, height: 480 }));
  const boxOf = (i: number) => [(37 * i) % 500, (53 * i) % 400, 20 + ((11 * i) % 100), 20 + ((7 * i) % 60)] as const;
  const annotations = images.flatMap(({ id }) => Array.from({ length: 7 }, (_, i): CocoAnnotation => {
    const bbox = boxOf(7 * id + i);
    return { id: 7 * id + i, image_id: id, category_id: (id + i) % 80, bbox, area: bbox[2] * bbox[3], iscrowd: 0 };
  }));
  const results = images.flatMap(({ id }) => Array.from({ length: 100 }, (_, i): CocoResult => {
    const [x, y, width, height] = boxOf(7 * id + (i % 7));
    return { image_id: id, category_id: (id + (i % 7)) % 80, score: ((29 * i) % 101) / 101, bbox: [x + i / 20, y, width, height] };
  }));
  const categories = Array.from({ length: 80 }, (_, id) => ({ id, name: `${id}` }));
  const start = process.cpuUsage();
  expect(cocoMetrics({ images, annotations, categories }, results, { iou: "bbox" }).AP50).toBeGreaterThan(0);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6).toBeLessThan(6);
});

test("a picture that is not in the file, a missing box or mask and another kind are refused", () => {
  expect(() => cocoMetrics(truth, [{ ...detections[0], image_id: 5 }], { iou: "bbox" })).toThrow(
    new Error("cocoMetrics(detections[0].image_id): expected a picture of the annotations, got 5. Use the annotations of the same pictures."),
  );
  expect(() => cocoMetrics(truth, [detections[0], { ...detections[1], segmentation: undefined }], { iou: "segm" })).toThrow(
    new Error('cocoMetrics(detections[1].segmentation): expected one for iou "segm", got none. Add it or compare the other.'),
  );
  expect(() => cocoMetrics(scene(square(1, 1, 20)), [], { iou: "segm" })).toThrow(
    new Error('cocoMetrics(truth): expected a segmentation, got none for object 1 of image 1. Compare boxes: iou "bbox".'),
  );
  expect(() => cocoMetrics(truth, detections, { iou: "keypoints" as IouKind })).toThrow(
    new Error('cocoMetrics(iou): expected one of bbox, segm, got "keypoints". Use bbox for boxes, segm for masks.'),
  );
});
