import { cocoEntry, convertBox, maskFromCoco, type Box as Corners, type CocoAnnotation, type CocoCategory, type CocoDataset, type CocoImage, type Mask } from "@flexivit/annotations";
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import { pictureFiles } from "./file-source.ts";
import { refuseSkipped, type FolderOptions, type FolderSource } from "./image-folder.ts";
import { jsonLists, type JsonEntry } from "./json-lists.ts";
import { checkPictures } from "./list-pictures.ts";
import { withTargets } from "./with-targets.ts";

/** An object in a picture: `box` is left, top, right, bottom in pixels. */
export type PictureObject = {
  box: Corners;
  /** An index of the source's classes. */
  class: number;
  /** Whether it is a region of many objects: leave it out in training. */
  crowd: boolean;
  /** Its pixels as the file counts them, by which COCO tells small objects from large ones. */
  area?: number;
  /** Of the picture's pixels, where the file has one. */
  mask?: Mask;
};

/** Pictures with objects in them. The targets of a picture are 1 for each class that it has an object of. */
export type ObjectSource = FolderSource & {
  /** The objects of a picture, in the order of the file. */
  objects(index: number): PictureObject[];
  /** Per picture, its id in the file. */
  readonly imageIds: readonly number[];
  /** Per class, its id in the file. */
  readonly categoryIds: readonly number[];
  /** A text that is another one where a box, a class, a mask or an area of an object is; absent where a source has no annotation file. */
  fingerprint?(): string;
};

export type CocoOptions = Omit<FolderOptions, "classes"> & {
  /** Where the names of pictures start; the folder of the annotations by default. */
  folder?: string;
};

/**
 * The pictures of a COCO annotation file, in its order, with boxes and masks; classes in the order of their ids.
 *
 * The file is read entry by entry, so its size does not matter. Pictures that are missing, damaged or of another size than the
 * file says are left out and listed in `skipped`. Masks are made when they are asked for.
 *
 * @throws with file and entry where an entry is not as the format says, or names a picture or category that is not there
 */
export async function cocoPictures(annotations: string, options: CocoOptions = {}): Promise<ObjectSource> {
  const { folder = dirname(annotations), check = "header", strict = false, channels } = options;
  const { images, objectsOf, categories } = await readCoco(annotations);
  const imageOf = new Map(images.map((image) => [resolve(folder, image.file_name ?? ""), image]));
  const checked = await checkPictures([...imageOf.keys()], check);
  const wrong = checked.pictures.flatMap(({ file, size }) => {
    const { height, width } = imageOf.get(file)!;
    return !size || (size[0] === height && size[1] === width) ? [] : [{ file, reason: `is ${size.join("x")} px, the annotations say ${height}x${width}` }];
  });
  const skipped = [...checked.skipped, ...wrong];
  const unusable = new Set(skipped.map(({ file }) => file));
  const files = [...imageOf.keys()].filter((file) => !unusable.has(file));
  refuseSkipped("cocoPictures", annotations, skipped, files.length, strict);
  const kept = files.map((file) => imageOf.get(file)!);
  const indexOf = new Map(categories.map(({ id }, index) => [id, index]));
  const objects = (index: number) => (objectsOf.get(kept[index].id) ?? []).map((object) => pictureObject(object, kept[index], indexOf, annotations));
  const source = pictureFiles({ files, channels, sizes: kept.map(({ height, width }) => [height, width]) });
  return {
    ...withTargets(source, categories.map(({ name }) => name), presence(kept, objectsOf, indexOf)),
    files,
    skipped,
    objects,
    imageIds: kept.map(({ id }) => id),
    categoryIds: categories.map(({ id }) => id),
    fingerprint: () => fingerprintOf(kept.map(({ id }) => objectsOf.get(id) ?? []), indexOf),
  };
}

/** What the file says of the objects of each picture, as a hash; masks are taken as they are written, which is faster than to make them. */
function fingerprintOf(objects: readonly (readonly CocoAnnotation[])[], indexOf: ReadonlyMap<number, number>): string {
  const hash = createHash("sha256");
  for (const [index, ofPicture] of objects.entries()) {
    for (const { bbox, category_id, iscrowd, area, segmentation } of ofPicture) hash.update(JSON.stringify([index, bbox, indexOf.get(category_id), iscrowd, area, segmentation]));
  }
  return hash.digest("hex");
}

function pictureObject(entry: CocoAnnotation, { height, width, file_name }: CocoImage, indexOf: ReadonlyMap<number, number>, file: string): PictureObject {
  const { id, bbox, category_id, iscrowd, segmentation, area } = entry;
  const object = { box: convertBox(bbox, "xywh", "xyxy"), class: indexOf.get(category_id)!, crowd: iscrowd === 1, area };
  if (!segmentation) return object;
  try {
    return { ...object, mask: maskFromCoco(segmentation, [height, width]) };
  } catch (error) {
    throw new Error(`cocoPictures(${file} object ${id} of ${file_name}): expected a sound mask, got: ${(error as Error).message}`, { cause: error });
  }
}

/** [pictures, classes]: 1 where a picture has an object of a class. */
function presence(images: readonly CocoImage[], objectsOf: ReadonlyMap<number, CocoAnnotation[]>, indexOf: ReadonlyMap<number, number>): Float32Array {
  const rows = new Float32Array(images.length * indexOf.size);
  for (const [row, { id }] of images.entries()) {
    for (const { category_id } of objectsOf.get(id) ?? []) rows[row * indexOf.size + indexOf.get(category_id)!] = 1;
  }
  return rows;
}

type CocoFile = { images: CocoImage[]; objectsOf: Map<number, CocoAnnotation[]>; categories: CocoCategory[] };

async function readCoco(file: string): Promise<CocoFile> {
  const found: CocoDataset = { images: [], annotations: [], categories: [] };
  for await (const entry of jsonLists(file, "cocoPictures")) {
    const { list } = entry;
    const where = `cocoPictures(${file} ${list}[${entry.index}])`;
    if (list === "images") found.images.push(namedImage(cocoEntry.images(valueOf(entry, where), where), where));
    else if (list === "annotations") found.annotations.push(cocoEntry.annotations(valueOf(entry, where), where));
    else if (list === "categories") found.categories.push(cocoEntry.categories(valueOf(entry, where), where));
  }
  const { images, annotations } = found;
  refuseTwice(file, images);
  const categories = found.categories.sort((a, b) => a.id - b.id);
  return { images, objectsOf: groupByImage(file, annotations, new Set(images.map(({ id }) => id)), new Set(categories.map(({ id }) => id))), categories };
}

function refuseTwice(file: string, images: readonly CocoImage[]): void {
  for (const field of ["id", "file_name"] as const) {
    const seen = new Set<unknown>();
    for (const [index, image] of images.entries()) {
      if (seen.has(image[field])) throw new Error(`cocoPictures(${file} images[${index}].${field}): expected each picture once, got ${image[field]} again. Remove one entry.`);
      seen.add(image[field]);
    }
  }
}

function groupByImage(file: string, annotations: readonly CocoAnnotation[], images: ReadonlySet<number>, categories: ReadonlySet<number>): Map<number, CocoAnnotation[]> {
  const objectsOf = new Map<number, CocoAnnotation[]>([...images].map((id) => [id, []]));
  const refuse = (index: number, field: string, kind: string, got: number): never => {
    throw new Error(`cocoPictures(${file} annotations[${index}].${field}): expected ${kind} of the file, got ${got}. Add it or remove the entry.`);
  };
  for (const [index, object] of annotations.entries()) {
    if (!categories.has(object.category_id)) refuse(index, "category_id", "a category", object.category_id);
    const objects = objectsOf.get(object.image_id) ?? refuse(index, "image_id", "a picture", object.image_id);
    objects.push(object);
  }
  return objectsOf;
}

function valueOf({ text }: JsonEntry, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: expected JSON, got ${(error as Error).message}. Correct the entry.`, { cause: error });
  }
}

function namedImage(image: CocoImage, where: string): CocoImage {
  if (typeof image.file_name === "string" && image.file_name !== "") return image;
  throw new Error(`${where.slice(0, -1)}.file_name): expected the name of a file, got ${JSON.stringify(image.file_name)}. Add it.`);
}
