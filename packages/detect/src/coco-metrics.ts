import { cocoBoxIous, maskArea, maskFromCoco, maskIous, type CocoAnnotation, type CocoDataset, type CocoImage, type CocoResult, type MaskSize } from "@flexivit/annotations";
import { precisionCurves, type Curve } from "./coco-curve.ts";
import { matchDetections, type AreaRange, type MatchInput, type Matched } from "./coco-matching.ts";

/** What is compared: boxes or masks. */
export type IouKind = "bbox" | "segm";

/**
 * The twelve COCO numbers, 0..1; -1 where there is no object to find.
 *
 * AP: mean precision over recalls and over IoU 0.50, 0.55, ..., 0.95. AR: mean of the largest recalls over these IoU, with
 * so many detections per picture. Small: up to 32x32 px, medium: up to 96x96 px, large: above.
 */
export type CocoNumbers = {
  AP: number;
  AP50: number;
  AP75: number;
  APsmall: number;
  APmedium: number;
  APlarge: number;
  AR1: number;
  AR10: number;
  AR100: number;
  ARsmall: number;
  ARmedium: number;
  ARlarge: number;
};

/** The numbers of one category; `precision50`: the precision at IoU 0.5 for recalls 0, 0.01, ..., 1, empty without an object. */
export type CategoryNumbers = CocoNumbers & { id: number; name: string; precision50: number[] };

export type CocoMetrics = CocoNumbers & { perCategory: CategoryNumbers[] };

const thresholds = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9))); // numpy's linspace, to the bit
const ranges = { all: [0, 1e10], small: [0, 32 ** 2], medium: [32 ** 2, 96 ** 2], large: [96 ** 2, 1e10] } as const satisfies Record<string, AreaRange>;
const mostDetections = 100;

/**
 * COCO's twelve numbers for detections, over all categories and for each.
 *
 * Only the 100 best detections of a category in a picture count. Detections of categories that are not in the file are left
 * out, as are objects of pictures that are not. With `segm` the area of a detection is that of its mask, also where it has
 * a box: pycocotools takes the box then, unless it is removed from the file.
 *
 * @param detections in any order; of equal scores the earlier picture, then the earlier entry comes first
 * @throws where a detection is of a picture that is not in the file or lacks what is compared, or the kind does not exist
 * Source: pycocotools 2.0.11 `COCOeval` with its default parameters; equal within 1e-9.
 */
export function cocoMetrics(truth: CocoDataset, detections: readonly CocoResult[], { iou }: { iou: IouKind }): CocoMetrics {
  const images = new Map(truth.images.toSorted((a, b) => a.id - b.id).map((image) => [image.id, image]));
  checkDetections(detections, images, iou);
  const objectsOf = groupBy(truth.annotations, (object) => object.category_id);
  const detectionsOf = groupBy(detections, (detection) => detection.category_id);
  const perCategory = truth.categories
    .toSorted((a, b) => a.id - b.id)
    .map(({ id, name }) => ({ id, name, ...categoryNumbers(images, objectsOf.get(id) ?? [], detectionsOf.get(id) ?? [], iou) }));
  return { ...meanNumbers(perCategory), perCategory };
}

function categoryNumbers(
  images: ReadonlyMap<number, CocoImage>,
  objects: readonly CocoAnnotation[],
  detections: readonly CocoResult[],
  iou: IouKind,
): CocoNumbers & { precision50: number[] } {
  const objectsIn = groupBy(objects, (object) => object.image_id);
  const detectionsIn = groupBy(detections, (detection) => detection.image_id);
  const inputs = [...images.values()]
    .filter(({ id }) => objectsIn.has(id) || detectionsIn.has(id))
    .map((image) => matchInput(image, objectsIn.get(image.id) ?? [], detectionsIn.get(image.id) ?? [], iou));
  const matched = (range: AreaRange): Matched[] => inputs.map((input) => matchDetections(input, thresholds, range));
  const all = matched(ranges.all);
  const curves = { all: precisionCurves(all, mostDetections), one: precisionCurves(all, 1), ten: precisionCurves(all, 10) };
  const [small, medium, large] = [ranges.small, ranges.medium, ranges.large].map((range) => precisionCurves(matched(range), mostDetections));
  return {
    AP: precisionOf(curves.all),
    AP50: precisionOf(curves.all?.slice(0, 1)),
    AP75: precisionOf(curves.all?.slice(5, 6)),
    APsmall: precisionOf(small),
    APmedium: precisionOf(medium),
    APlarge: precisionOf(large),
    AR1: recallOf(curves.one),
    AR10: recallOf(curves.ten),
    AR100: recallOf(curves.all),
    ARsmall: recallOf(small),
    ARmedium: recallOf(medium),
    ARlarge: recallOf(large),
    precision50: Array.from(curves.all?.[0].precision ?? []),
  };
}

function matchInput({ height, width }: CocoImage, objects: readonly CocoAnnotation[], detections: readonly CocoResult[], iou: IouKind): MatchInput {
  const best = detections.toSorted((a, b) => b.score - a.score).slice(0, mostDetections);
  const crowd = objects.map(({ iscrowd }) => iscrowd === 1);
  const { ious, areas } = iou === "bbox" ? boxOverlaps(best, objects, crowd) : maskOverlaps(best, objects, crowd, [height, width]);
  return { scores: best.map(({ score }) => score), areas, objectAreas: objects.map(({ area }) => area), crowd, ious };
}

function boxOverlaps(detections: readonly CocoResult[], objects: readonly CocoAnnotation[], crowd: readonly boolean[]) {
  const boxes = detections.map(({ bbox }) => bbox!);
  return { ious: cocoBoxIous(boxes, objects.map(({ bbox }) => bbox), crowd), areas: boxes.map(([, , width, height]) => width * height) };
}

function maskOverlaps(detections: readonly CocoResult[], objects: readonly CocoAnnotation[], crowd: readonly boolean[], size: MaskSize) {
  const masks = detections.map(({ segmentation }) => maskFromCoco(segmentation!, size));
  return { ious: maskIous(masks, objects.map((object) => objectMask(object, size)), crowd), areas: masks.map(maskArea) };
}

function objectMask({ id, image_id, segmentation }: CocoAnnotation, size: MaskSize) {
  if (segmentation) return maskFromCoco(segmentation, size);
  throw new Error(`cocoMetrics(truth): expected a segmentation, got none for object ${id} of image ${image_id}. Compare boxes: iou "bbox".`);
}

function checkDetections(detections: readonly CocoResult[], images: ReadonlyMap<number, CocoImage>, iou: IouKind): void {
  if (iou !== "bbox" && iou !== "segm") throw new Error(`cocoMetrics(iou): expected one of bbox, segm, got "${String(iou)}". Use bbox for boxes, segm for masks.`);
  const field = iou === "bbox" ? "bbox" : "segmentation";
  for (const [index, detection] of detections.entries()) {
    if (!images.has(detection.image_id)) {
      throw new Error(`cocoMetrics(detections[${index}].image_id): expected a picture of the annotations, got ${detection.image_id}. Use the annotations of the same pictures.`);
    }
    if (!detection[field]) throw new Error(`cocoMetrics(detections[${index}].${field}): expected one for iou "${iou}", got none. Add it or compare the other.`);
  }
}

function precisionOf(curves: readonly Curve[] | undefined): number {
  return curves ? mean(curves.map(({ precision }) => mean(Array.from(precision)))) : -1;
}

function recallOf(curves: readonly Curve[] | undefined): number {
  return curves ? mean(curves.map(({ recall }) => recall)) : -1;
}

/** Each number's mean over the categories that have an object for it. */
function meanNumbers(categories: readonly CocoNumbers[]): CocoNumbers {
  const over = (name: keyof CocoNumbers): number => {
    const known = categories.map((numbers) => numbers[name]).filter((value) => value > -1);
    return known.length > 0 ? mean(known) : -1;
  };
  return Object.fromEntries(cocoNumberNames.map((name) => [name, over(name)])) as CocoNumbers;
}

/** The names of the twelve numbers, in pycocotools' order. */
export const cocoNumberNames: readonly (keyof CocoNumbers)[] = [
  ...(["AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge"] as const),
  ...(["AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"] as const),
];

/** The items by key, in order. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Map<number, Item[]> {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
