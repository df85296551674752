import { encodeMask } from "@flexivit/annotations";
import { pixelSource, type MapSource, type ObjectSource, type PictureObject } from "@flexivit/data";
import { random } from "@flexivit/random";

/** Height and width of a scene, in pixels. */
export const sceneSize = [30, 36] as const;
const [height, width] = sceneSize;

/** The same scenes with each kind of truth. */
export type Scenes = { objects: ObjectSource; labels: MapSource<"labels">; depth: MapSource<"depth">; surfaces: MapSource<"depth" | "normals"> };

type Maps = { labels: Int32Array; depth: Float32Array; normals: Float32Array };

/**
 * Scenes of one rectangle in each half, red or blue, 2 m away and turned to the right, on a grey wall 4 to 5 m away.
 *
 * @param seed of the places and colours
 */
export function scenes(count: number, seed: number): Scenes {
  const all = Array.from({ length: count }, (_, index) => sceneOf(seed, index));
  const pictures = pixelSource({ name: "scene", pixels: Uint8Array.from(all.flatMap(({ pixels }) => pixels)), height, width, channels: 3, labels: all.map(() => 0), classes: ["scene"] });
  const objects: ObjectSource = {
    ...pictures,
    classes: ["blue", "red"],
    files: all.map((_, index) => `${index}.png`),
    skipped: [],
    objects: (index) => all[index].objects,
    imageIds: all.map((_, index) => 10 + index),
    categoryIds: [3, 7],
  };
  const mapsOf = <Kind extends keyof Maps>(kinds: Kind[], classes: string[]): MapSource<Kind> => ({
    ...pictures,
    kinds,
    classes,
    readMap: async (index, kind) => ({ size: sceneSize, values: all[index].maps[kind] }),
  });
  return { objects, labels: mapsOf(["labels"], ["wall", "blue", "red"]), depth: mapsOf(["depth"], []), surfaces: mapsOf(["depth", "normals"], []) };
}

function sceneOf(seed: number, index: number): { pixels: number[]; objects: PictureObject[]; maps: Maps } {
  const rectangles = [0, 1].map((half) => {
    const draw = random(seed, index, half);
    const [top, left] = [draw.integer(10), 18 * half + draw.integer(6)];
    return { class: draw.integer(2), top, left, bottom: top + 9 + draw.integer(10), right: left + 7 + draw.integer(5) };
  });
  const at = (place: number) => {
    const [y, x] = [Math.floor(place / width), place % width];
    return rectangles.find(({ top, left, bottom, right }) => y >= top && y < bottom && x >= left && x < right);
  };
  const places = Array.from({ length: height * width }, (_, place) => place);
  const found = places.map(at);
  const pixels = found.flatMap((rectangle, place) => {
    const grey = 90 + ((7919 * (place + 1) * (index + 3)) % 30);
    return rectangle ? (rectangle.class === 1 ? [250, 40, 30] : [20, 50, 240]) : [grey, grey, grey];
  });
  const objects = rectangles.map((rectangle): PictureObject => {
    const { top, left, bottom, right } = rectangle;
    return { box: [left, top, right, bottom], class: rectangle.class, crowd: false, mask: encodeMask(found.map((one) => Number(one === rectangle)), sceneSize) };
  });
  const maps = {
    labels: Int32Array.from(found, (rectangle) => (rectangle ? 1 + rectangle.class : 0)),
    depth: Float32Array.from(found, (rectangle, place) => (rectangle ? 2 : 4 + Math.floor(place / width) / height)),
    normals: Float32Array.from(found.flatMap((rectangle) => (rectangle ? [0.6, 0, 0.8] : [0, 0, 1]))),
  };
  return { pixels, objects, maps };
}
