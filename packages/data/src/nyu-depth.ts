import { extname, join, relative } from "node:path";
import { mapFiles, picturesBelow, type MapFolderOptions, type MapFolderSource } from "./map-files.ts";
import { depthPicture, normalPicture } from "./map-pictures.ts";

export type NyuDepthOptions = MapFolderOptions & {
  /** Folders of pictures and of depths: "rgb" and "depth" unless given. */
  images?: string;
  depth?: string;
  /** Stored depth of one metre: 1000 (millimetres) unless given; 5000 in TUM's sets, 256 in KITTI's. */
  unitsPerMetre?: number;
};

/**
 * Pictures with depths as in NYU Depth v2: `rgb/NAME.jpg` (or any other kind) with `depth/NAME.png`, grey 16 bits, 0 where the
 * depth is unknown; with `normals` also a folder of RGB PNG files of 8 or 16 bits, -1..1 as 0 to the largest value.
 *
 * @throws where a folder is missing or the unit is impossible, or, while reading, at files of other kinds
 */
export function nyuDepth(folder: string, options: NyuDepthOptions & { normals: string }): Promise<MapFolderSource<"depth" | "normals">>;
export function nyuDepth(folder: string, options?: NyuDepthOptions & { normals?: undefined }): Promise<MapFolderSource<"depth">>;
export async function nyuDepth(folder: string, options: NyuDepthOptions & { normals?: string } = {}): Promise<MapFolderSource<"depth"> | MapFolderSource<"depth" | "normals">> {
  const { images = "rgb", depth = "depth", normals, unitsPerMetre = 1000 } = options;
  if (!(unitsPerMetre > 0 && unitsPerMetre < Infinity)) {
    throw new Error(`nyuDepth(unitsPerMetre): expected a finite number above 0, got ${unitsPerMetre}. Use 1000 for millimetres.`);
  }
  const pictures = await picturesBelow("nyuDepth", join(folder, images));
  const beside = (other: string) => (picture: string) => [join(folder, other, relative(join(folder, images), picture).slice(0, -extname(picture).length) + ".png")];
  const set = { caller: "nyuDepth", folder: join(folder, images), pictures, classes: [] };
  const readers = { depth: { places: beside(depth), read: (file: string) => depthPicture(file, unitsPerMetre) } };
  if (normals === undefined) return mapFiles({ ...set, readers }, options);
  return mapFiles({ ...set, readers: { ...readers, normals: { places: beside(normals), read: normalPicture } } }, options);
}
