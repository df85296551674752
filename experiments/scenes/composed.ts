import { encodeMask, maskBox, convertBox } from "@flexivit/annotations";
import { pixelSource, type MapSource, type ObjectSource, type PictureObject, type ReadRequest, type Size } from "@flexivit/data";
import { composeScene, type Scene, type SceneOptions } from "./compose.ts";

/** The same scenes with objects, and with a class per pixel. */
export type ComposedScenes = { objects: ObjectSource; labels: MapSource<"labels"> };

export type ComposedOptions = SceneOptions & {
  /** What messages call the scenes. */
  name: string;
  /** How many there are. */
  pictures: number;
};

/** Scenes that are kept, so that picture, objects and map of one are made once. */
const keptScenes = 64;

/**
 * Scenes composed from real pictures, with exact boxes and masks of what is seen of each object.
 *
 * A scene is made when it is asked for, and is a function of the options and its index. Boxes are those of the masks, and no
 * two masks overlap. Class 0 of the map is the ground; class `c` of the objects is class `c + 1` of the map.
 */
export function composedScenes({ name, pictures, ...options }: ComposedOptions): ComposedScenes {
  const { sizePx, sprites } = options;
  const size: Size = [sizePx, sizePx];
  const sceneAt = remember((index) => composeScene(options, index), keptScenes);
  const objectsAt = remember((index) => objectsOf(sceneAt(index), size), keptScenes);
  const common = {
    size: pictures,
    channels: 3 as const,
    name: (index: number) => `${name} scene ${index}`,
    read: (index: number, request: ReadRequest) => readPixels(sceneAt(index).pixels, size, request),
  };
  const objects: ObjectSource = {
    ...common,
    classes: sprites.classes,
    labels: new Int32Array(pictures).fill(-1),
    targets: (index) => presence(sceneAt(index), sprites.classes.length),
    files: [],
    skipped: [],
    objects: objectsAt,
    imageIds: Array.from({ length: pictures }, (_, index) => index),
    categoryIds: sprites.classes.map((_, index) => index + 1),
  };
  const readMap: MapSource<"labels">["readMap"] = async (index) => ({ size, values: labelsOf(sceneAt(index)) }) as never;
  return { objects, labels: { ...common, kinds: ["labels"], classes: ["background", ...sprites.classes], readMap } };
}

function objectsOf({ owners, classes }: Scene, size: Size): PictureObject[] {
  return classes.map((label, index) => {
    const mask = encodeMask(pixelsOf(owners, index + 1), size);
    return { box: convertBox(maskBox(mask), "xywh", "xyxy"), class: label, crowd: false, mask };
  });
}

/** 1 where an object is. */
function pixelsOf(owners: Uint8Array, owner: number): Uint8Array {
  const inside = new Uint8Array(owners.length);
  for (let place = 0; place < owners.length; place++) if (owners[place] === owner) inside[place] = 1;
  return inside;
}

/** [height, width]: 0 for the ground, else 1 + the class. */
function labelsOf({ owners, classes }: Scene): Int32Array {
  const labels = new Int32Array(owners.length);
  for (let place = 0; place < owners.length; place++) if (owners[place] > 0) labels[place] = classes[owners[place] - 1] + 1;
  return labels;
}

/** [classes]: 1 where the scene has an object of a class. */
function presence({ classes }: Scene, count: number): Float32Array {
  const row = new Float32Array(count);
  for (const label of classes) row[label] = 1;
  return row;
}

function readPixels(pixels: Uint8Array, [height, width]: Size, request: ReadRequest): void {
  void pixelSource({ name: "scene", pixels, height, width, channels: 3, labels: [0], classes: [""] }).read(0, request);
}

/** The same function, with its latest results kept. */
function remember<Result>(make: (index: number) => Result, most: number): (index: number) => Result {
  const kept = new Map<number, Result>();
  return (index) => {
    const found = kept.get(index) ?? make(index);
    kept.delete(index);
    kept.set(index, found);
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return found;
  };
}
