import { join } from "node:path";
import { fileSource } from "./file-source.ts";
import { checkPictures, entriesOf, filesBelow, isFolder, type Check, type Skipped } from "./list-pictures.ts";
import type { ImageSource } from "./source.ts";

export type FolderOptions = {
  /** 3 (RGB) by default, or 1 (grey) */
  channels?: 1 | 3;
  /** The classes and their order where they are given, as for a validation folder; all class folders, sorted, otherwise. */
  classes?: readonly string[];
  /** `header` by default */
  check?: Check;
  /** Throws at files that would be skipped. */
  strict?: boolean;
};

/** A source over files, and the files that were not usable. */
export type FolderSource = ImageSource & { readonly files: readonly string[]; readonly skipped: readonly Skipped[] };

/**
 * The pictures below `folder/<class>/`, in the order of classes and of paths, which is the same on every machine.
 *
 * Empty, damaged and foreign files are left out and listed in `skipped` with the reason.
 *
 * @throws where the folder is missing, has no class folders or no readable picture, and at skipped files where `strict`
 */
export async function imageFolder(folder: string, options: FolderOptions = {}): Promise<FolderSource> {
  const { check = "header", strict = false, channels } = options;
  const { folders, loose } = await listFolder(folder);
  const classes = options.classes ?? folders;
  const foreign = folders.find((name) => !classes.includes(name));
  if (foreign !== undefined) {
    throw new Error(`imageFolder(classes): expected folders of ${classes.length} classes in ${folder}, got "${foreign}". Add the class or move the folder.`);
  }
  const skipped: Skipped[] = loose.map((file) => ({ file, reason: "not inside a class folder" }));
  const found = [];
  for (const [label, name] of classes.entries()) {
    if (!folders.includes(name)) continue;
    const checked = await checkPictures(await filesBelow(join(folder, name)), check);
    skipped.push(...checked.skipped);
    found.push(...checked.pictures.map((picture) => ({ ...picture, label })));
  }
  refuseSkipped("imageFolder", folder, skipped, found.length, strict);
  const files = found.map(({ file }) => file);
  const source = fileSource({ files, classes, channels, labels: found.map(({ label }) => label), sizes: found.map(({ size }) => size) });
  return { ...source, files, skipped };
}

async function listFolder(folder: string): Promise<{ folders: string[]; loose: string[] }> {
  if (!(await isFolder(folder))) {
    throw new Error(`imageFolder(folder): expected a folder with one folder per class, got none at ${folder}. Check the path.`);
  }
  const entries = await entriesOf(folder);
  const folders = entries.filter((entry) => entry.isFolder).map(({ name }) => name);
  const loose = entries.filter((entry) => !entry.isFolder).map(({ path }) => path);
  if (folders.length === 0) {
    const got = `${loose.length} files and no folder`;
    throw new Error(`imageFolder(folder): expected one folder per class in ${folder}, got ${got}. Put the pictures into folder/<class>/.`);
  }
  return { folders, loose };
}

/** Throws where nothing is left, or anything is missing and nothing may be. */
export function refuseSkipped(caller: string, folder: string, skipped: readonly Skipped[], found: number, strict: boolean): void {
  const first = skipped.length > 0 ? `, the first being ${skipped[0].file}: ${skipped[0].reason}` : "";
  if (found === 0) {
    throw new Error(`${caller}(folder): expected readable pictures in ${folder}, got 0 and ${skipped.length} unusable files${first}. Add pictures.`);
  }
  if (strict && skipped.length > 0) {
    throw new Error(`${caller}(strict): expected readable pictures only, got ${skipped.length} unusable files${first}. Remove them or leave strict out.`);
  }
}
