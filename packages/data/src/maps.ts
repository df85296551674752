import type { PictureSource } from "./source.ts";
import type { Size, View } from "./view.ts";

/** What a picture may have for each of its pixels. */
export type Maps = {
  /** [height, width]: classes from 0, at most 255 of them; 255 where a pixel has none. */
  labels: Int32Array;
  /** [height, width]: metres; 0 where the depth is unknown. */
  depth: Float32Array;
  /** [height, width, 3]: unit vectors in the camera's frame, x to the right; zeros where the normal is unknown. */
  normals: Float32Array;
};

export type MapKind = keyof Maps;

/** A map in the size of its picture. */
export type PixelMap<Kind extends MapKind> = { size: Size; values: Maps[Kind] };

/** Pictures with maps of their pixels, read one by one. */
export type MapSource<Kind extends MapKind = MapKind> = PictureSource & {
  /** Which maps there are. */
  readonly kinds: readonly Kind[];
  /** What the labels mean; empty where there are none. */
  readonly classes: readonly string[];
  /** A whole map of a picture, from its file. */
  readMap<K extends Kind>(index: number, kind: K): Promise<PixelMap<K>>;
};

/** Label of pixels without a class: outside of the picture, or not annotated. */
export const ignoreLabel = 255;

/** Values per pixel of each map, and what stands where nothing is known. */
export const mapFormats: { readonly [Kind in MapKind]: { channels: number; unknown: number } } = {
  labels: { channels: 1, unknown: ignoreLabel },
  depth: { channels: 1, unknown: 0 },
  normals: { channels: 3, unknown: 0 },
};

/**
 * Writes what a view shows of a map to `out` [window height, window width, channels].
 *
 * Each pixel of the result has the value on which its centre falls: classes and depths on both sides of an edge are never
 * mixed. Mirroring turns the x of normals round; depths stay in metres, however the view enlarges.
 */
export function applyViewToMap(kind: MapKind, { size, values }: PixelMap<MapKind>, view: View, out: Maps[MapKind]): void {
  const { channels, unknown } = mapFormats[kind];
  const { region, resized, window, flip } = view;
  const rows = places(window.top, window.height, resized[0], region.top, region.height);
  const columns = places(window.left, window.width, resized[1], region.left, region.width);
  if (flip) columns.reverse();
  for (let row = 0; row < window.height; row++) {
    for (let column = 0; column < window.width; column++) {
      const target = (row * window.width + column) * channels;
      const source = (rows[row] * size[1] + columns[column]) * channels;
      const inside = rows[row] >= 0 && columns[column] >= 0;
      for (let channel = 0; channel < channels; channel++) out[target + channel] = inside ? values[source + channel] : unknown;
      if (kind === "normals" && flip && inside) out[target] = -out[target];
    }
  }
}

/**
 * A whole map of a picture.
 *
 * @param size height and width of the picture
 * @throws where the map has another size, or cannot be read; the message names the file
 */
export async function wholeMap<Kind extends MapKind>(source: Pick<MapSource<Kind>, "name" | "readMap">, index: number, kind: Kind, size: Size): Promise<PixelMap<Kind>> {
  const map = await source.readMap(index, kind);
  if (map.size.join() === size.join()) return map;
  throw new Error(`readMap(${kind} of ${source.name(index)}): expected ${size.join("x")} pixels, as the picture has, got ${map.size.join("x")}. Resize one of the files.`);
}

/** For each of `count` places of a window the place of the picture on which its centre falls, -1 outside. */
function places(start: number, count: number, resized: number, from: number, length: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const place = start + i;
    return place < 0 || place >= resized ? -1 : from + Math.floor(((place + 0.5) * length) / resized);
  });
}

/** Vectors [pixels, 3] made of length 1, in place; zeros where one is not finite or not longer than `least`. */
export function toUnitVectors(vectors: Float32Array, least = 0): Float32Array {
  for (let i = 0; i < vectors.length; i += 3) {
    const length = Math.sqrt(vectors[i] ** 2 + vectors[i + 1] ** 2 + vectors[i + 2] ** 2);
    const scale = length > least && length < Infinity ? 1 / length : 0;
    for (let k = i; k < i + 3; k++) vectors[k] = scale === 0 ? 0 : vectors[k] * scale;
  }
  return vectors;
}
