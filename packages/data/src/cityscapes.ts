import { join, relative } from "node:path";
import { mapFiles, picturesBelow, type MapFolderOptions, type MapFolderSource } from "./map-files.ts";
import { classTable, labelPicture } from "./map-pictures.ts";

/** The stored id of each of the 19 classes that are evaluated, in their order. Source: the labels of cityscapesScripts. */
const evaluated: readonly (readonly [id: number, name: string])[] = [
  [7, "road"], [8, "sidewalk"], [11, "building"], [12, "wall"], [13, "fence"], [17, "pole"], [19, "traffic light"], [20, "traffic sign"],
  [21, "vegetation"], [22, "terrain"], [23, "sky"], [24, "person"], [25, "rider"], [26, "car"], [27, "truck"], [28, "bus"], [31, "train"],
  [32, "motorcycle"], [33, "bicycle"],
];

/**
 * A split of Cityscapes: `leftImg8bit/<split>/<city>/*_leftImg8bit.png` with `gtFine/<split>/<city>/*_gtFine_labelIds.png`.
 *
 * Stored ids become the 19 classes that are evaluated; all other ids of the release (0 to 33, and 255 for the licence
 * plates) become 255.
 *
 * @param split "train" or "val"; the labels of "test" are not public and would all be ignored
 * @throws where a folder is missing, or, while reading, at another id, with file and place
 * Source: M. Cordts et al., "The Cityscapes dataset", arXiv 1604.01685.
 */
export async function cityscapes(folder: string, split: string, options: MapFolderOptions = {}): Promise<MapFolderSource<"labels">> {
  const images = join(folder, "leftImg8bit", split);
  const pictures = (await picturesBelow("cityscapes", images)).filter((file) => file.endsWith(pictureEnd));
  const ids = Array.from({ length: 34 }, (_, id) => id);
  const classOf = new Map(evaluated.map(([id], label) => [id, label]));
  const table = classTable(classOf, [...ids.filter((id) => !classOf.has(id)), 255]);
  const places = (picture: string) => [join(folder, "gtFine", split, relative(images, picture).slice(0, -pictureEnd.length) + "_gtFine_labelIds.png")];
  const classes = evaluated.map(([, name]) => name);
  return mapFiles({ caller: "cityscapes", folder: images, pictures, classes, readers: { labels: { places, read: (file) => labelPicture(file, table) } } }, options);
}

const pictureEnd = "_leftImg8bit.png";
