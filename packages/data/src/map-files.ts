import { access } from "node:fs/promises";
import { pictureFiles } from "./file-source.ts";
import { refuseSkipped } from "./image-folder.ts";
import { checkPictures, filesBelow, isFolder, type Check, type Skipped } from "./list-pictures.ts";
import type { MapKind, MapSource, PixelMap } from "./maps.ts";

export type MapFolderOptions = {
  /** How closely the pictures are looked at before they are used, `name` by default; maps are looked at when they are read. */
  check?: Check;
  /** Throws at files that would be skipped. */
  strict?: boolean;
};

/** A source over pictures and their maps, and what was not usable. */
export type MapFolderSource<Kind extends MapKind> = MapSource<Kind> & { readonly files: readonly string[]; readonly skipped: readonly Skipped[] };

/** Where the map of a picture lies (the first of several places that exists), and how it is read. */
export type MapReaders<Kind extends MapKind> = {
  [K in Kind]: { places: (picture: string) => readonly string[]; read: (file: string) => Promise<PixelMap<K>> };
};

type MapSet<Kind extends MapKind> = { caller: string; folder: string; pictures: readonly string[]; readers: MapReaders<Kind>; classes: readonly string[] };

/** The pictures that have all their maps; the others are listed in `skipped` with the reason. */
export async function mapFiles<Kind extends MapKind>(set: MapSet<Kind>, { check = "name", strict = false }: MapFolderOptions): Promise<MapFolderSource<Kind>> {
  const kinds = Object.keys(set.readers) as Kind[];
  const { pictures, skipped } = await checkPictures(set.pictures, check);
  const usable: { file: string; size?: readonly [number, number]; maps: Record<Kind, string> }[] = [];
  for (const { file, size } of pictures) {
    const found = await Promise.all(kinds.map(async (kind) => ({ kind, map: await firstThere(set.readers[kind].places(file)) })));
    const missing = found.find(({ map }) => map === undefined);
    if (missing) skipped.push({ file, reason: `no ${missing.kind} at ${set.readers[missing.kind].places(file).join(" or ")}` });
    else usable.push({ file, size, maps: Object.fromEntries(found.map(({ kind, map }) => [kind, map])) as Record<Kind, string> });
  }
  refuseSkipped(set.caller, set.folder, skipped, usable.length, strict);
  const files = usable.map(({ file }) => file);
  return {
    ...pictureFiles({ files, sizes: usable.map(({ size }) => size) }),
    kinds,
    classes: set.classes,
    readMap: (index, kind) => set.readers[kind].read(usable[index].maps[kind]),
    files,
    skipped,
  };
}

async function firstThere(places: readonly string[]): Promise<string | undefined> {
  for (const place of places) if (await access(place).then(() => true, () => false)) return place;
  return undefined;
}

/** All files below a folder, sorted; says what is expected where the folder is missing. */
export async function picturesBelow(caller: string, folder: string): Promise<string[]> {
  if (await isFolder(folder)) return filesBelow(folder);
  throw new Error(`${caller}(folder): expected pictures in ${folder}, got no such folder. Check the path and the split.`);
}
