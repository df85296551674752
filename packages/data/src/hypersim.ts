import { basename, dirname, join } from "node:path";
import { mapFiles, picturesBelow, type MapFolderOptions, type MapFolderSource } from "./map-files.ts";
import { refuse } from "./map-pictures.ts";
import { toUnitVectors, type PixelMap } from "./maps.ts";
import { npyMap } from "./npy-map.ts";

export type HypersimOptions = MapFolderOptions & {
  /** End of the name of the folders with maps: "geometry_npy" unless given, in place of the release's "geometry_hdf5". */
  geometry?: string;
  /**
   * `planar` unless given: depth along the camera's axis, computed from the stored distance to the camera with the field of
   * view of the release, 60 degrees wide; `distance`: as stored.
   */
  depth?: "planar" | "distance";
};

/**
 * Pictures with depths and normals in Hypersim's layout, its HDF5 files converted to `.npy` or `.npz` of the same names:
 * `**\/scene_cam_00_final_preview/frame.0000.tonemap.jpg` with `scene_cam_00_geometry_npy/frame.0000.depth_meters.npy`
 * [height, width] and `frame.0000.normal_cam.npy` [height, width, 3].
 *
 * Depths that are not finite or not above 0, and normals that are not finite or have no length, are unknown. Scenes whose
 * cameras are shifted or tilted lenses differ from the plain field of view: use `distance` for those.
 *
 * @throws where the folder has no such pictures, or, while reading, at arrays of other shapes or types, with file and entry
 * Source: M. Roberts et al., "Hypersim", arXiv 2011.02523.
 */
export async function hypersim(folder: string, options: HypersimOptions = {}): Promise<MapFolderSource<"depth" | "normals">> {
  const { geometry = "geometry_npy", depth = "planar" } = options;
  if (depth !== "planar" && depth !== "distance") {
    throw new Error(`hypersim(depth): expected one of planar, distance, got ${JSON.stringify(depth)}. Use distance for depths as they are stored.`);
  }
  const pictures = (await picturesBelow("hypersim", folder)).filter((file) => frame.test(file));
  const places = (map: string) => (picture: string) => {
    const stem = join(dirname(picture).replace(/final_preview$/, geometry), basename(picture).replace(/\.(tonemap|color)\.\w+$/, `.${map}`));
    return [`${stem}.npy`, `${stem}.npz`];
  };
  const readers = {
    depth: { places: places("depth_meters"), read: (file: string) => depthMap(file, depth) },
    normals: { places: places("normal_cam"), read: normalMap },
  };
  return mapFiles({ caller: "hypersim", folder, pictures, classes: [], readers }, options);
}

const frame = /_final_preview[\\/]frame\.\d+\.(tonemap|color)\.(jpg|png)$/;

async function depthMap(file: string, kind: "planar" | "distance"): Promise<PixelMap<"depth">> {
  const { shape, values } = await npyMap(file);
  const [height, width] = shape;
  if (shape.length !== 2) throw refuse(file, "an array [height, width]", `[${shape.join(", ")}]`, "Save the distances in metres");
  const focalPx = width / 2 / Math.tan(Math.PI / 6);
  const rayLength = (i: number) => Math.hypot(1, ((i % width) + 0.5 - width / 2) / focalPx, (Math.floor(i / width) + 0.5 - height / 2) / focalPx);
  const depths = values.map((distance, i) => {
    if (!(distance > 0 && distance < Infinity)) return 0;
    return kind === "planar" ? distance / rayLength(i) : distance;
  });
  return { size: [height, width], values: depths };
}

async function normalMap(file: string): Promise<PixelMap<"normals">> {
  const { shape, values } = await npyMap(file);
  if (shape.length !== 3 || shape[2] !== 3) throw refuse(file, "an array [height, width, 3]", `[${shape.join(", ")}]`, "Save the normals in the camera's frame");
  return { size: [shape[0], shape[1]], values: toUnitVectors(values) };
}
