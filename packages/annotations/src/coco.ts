import type { Box } from "./box.ts";
import type { CocoRle, CocoSegmentation } from "./coco-mask.ts";

/** A picture of a COCO file; sizes in pixels. */
export type CocoImage = { id: number; width: number; height: number; file_name?: string };

/** An object of a COCO file: `bbox` is `xywh` in pixels, `area` is in pixels; `iscrowd` is 1 for a region of many objects. */
export type CocoAnnotation = { id?: number; image_id: number; category_id: number; bbox: Box; area: number; iscrowd: 0 | 1; segmentation?: CocoSegmentation };

export type CocoCategory = { id: number; name: string };

/** What a COCO annotation file holds, as far as it is used here. */
export type CocoDataset = { images: CocoImage[]; annotations: CocoAnnotation[]; categories: CocoCategory[] };

/** A detection of a COCO result file: a box `xywh`, a mask, or both. */
export type CocoResult = { image_id: number; category_id: number; score: number; bbox?: Box; segmentation?: CocoRle };

/** Per list of an annotation file, the function that checks one entry; `where` is how errors name it. */
export const cocoEntry: {
  readonly images: (value: unknown, where: string) => CocoImage;
  readonly annotations: (value: unknown, where: string) => CocoAnnotation;
  readonly categories: (value: unknown, where: string) => CocoCategory;
} = {
  images(value, where) {
    const entry = objectOf(value, where);
    for (const field of ["id", "width", "height"]) check(entry, field, where, "a number", Number.isFinite);
    return entry as CocoImage;
  },
  annotations(value, where) {
    const entry = objectOf(value, where);
    for (const field of ["image_id", "category_id", "area"]) check(entry, field, where, "a number", Number.isFinite);
    check(entry, "bbox", where, "4 finite numbers, x y width height", isBox);
    check(entry, "iscrowd", where, "0 or 1", (crowd) => crowd === undefined || crowd === 0 || crowd === 1);
    check(entry, "segmentation", where, "polygons or run lengths", (mask) => mask === undefined || isPolygons(mask) || isRle(mask));
    return { iscrowd: 0, ...entry } as CocoAnnotation;
  },
  categories(value, where) {
    const entry = objectOf(value, where);
    check(entry, "id", where, "a number", Number.isFinite);
    check(entry, "name", where, "a name", (name) => typeof name === "string");
    return entry as CocoCategory;
  },
};

/**
 * A COCO annotation file that has been checked, from its JSON value.
 *
 * @throws with the entry, as in `parseCoco(annotations[17].bbox): ..`, where one is not as the format says
 * Source: the format description on cocodataset.org, "Object Detection".
 */
export function parseCoco(json: unknown): CocoDataset {
  const file = objectOf(json, "parseCoco(json)");
  const list = <Entry>(name: keyof typeof cocoEntry, read: (value: unknown, where: string) => Entry): Entry[] =>
    listOf(file[name], `parseCoco(${name})`).map((value, index) => read(value, `parseCoco(${name}[${index}])`));
  return {
    images: list("images", cocoEntry.images),
    annotations: list("annotations", cocoEntry.annotations),
    categories: list("categories", cocoEntry.categories),
  };
}

/**
 * The detections of a COCO result file, checked, from its JSON value.
 *
 * @throws with the entry, as in `parseCocoResults([17].score): ..`, where one is not as the format says
 */
export function parseCocoResults(json: unknown): CocoResult[] {
  return listOf(json, "parseCocoResults(json)").map((value, index) => {
    const where = `parseCocoResults([${index}])`;
    const entry = objectOf(value, where);
    for (const field of ["image_id", "category_id", "score"]) check(entry, field, where, "a number", Number.isFinite);
    check(entry, "bbox", where, "4 finite numbers, x y width height", (box) => box === undefined || isBox(box));
    check(entry, "segmentation", where, "run lengths", (mask) => mask === undefined || isRle(mask));
    return entry as CocoResult;
  });
}

type Entry = Record<string, unknown>;

function objectOf(value: unknown, where: string): Entry {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Entry;
  throw new Error(`${where}: expected an object, got ${shortly(value)}. Is this a COCO file?`);
}

function listOf(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${where}: expected a list, got ${shortly(value)}. Is this a COCO file?`);
}

function check(entry: Entry, field: string, where: string, expected: string, fits: (value: unknown) => boolean): void {
  if (fits(entry[field])) return;
  throw new Error(`${where.slice(0, -1)}.${field}): expected ${expected}, got ${shortly(entry[field])}. Correct or remove the entry.`);
}

/** A value as JSON, cut to what fits a message. */
function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

const isBox = (value: unknown): boolean => Array.isArray(value) && value.length === 4 && value.every(Number.isFinite);

const isPolygons = (value: unknown): boolean => Array.isArray(value) && value.every((polygon) => Array.isArray(polygon) && polygon.every(Number.isFinite));

function isRle(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { size, counts } = value as Partial<CocoRle>;
  const isPacked = typeof counts === "string";
  return Array.isArray(size) && size.length === 2 && size.every(Number.isInteger) && (isPacked || (Array.isArray(counts) && counts.every(Number.isInteger)));
}
