import { open, readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { pictureExtensions, pictureSize, reasonOf, tryDecoding } from "./decode.ts";
import type { Size } from "./view.ts";

/** A file that is not used, and why. */
export type Skipped = { file: string; reason: string };

/**
 * How closely files are looked at before they are used.
 *
 * - `name`: by extension and length only; for very large sets that are known to be sound.
 * - `header`: also the header and the end of each file; one that looks cut off is decoded.
 * - `decode`: every file is decoded once.
 */
export type Check = "name" | "header" | "decode";

export type Picture = { file: string; size?: Size };

/** The usable picture files among `files`, in the same order, and the others with the reason. */
export async function checkPictures(files: readonly string[], check: Check): Promise<{ pictures: Picture[]; skipped: Skipped[] }> {
  const pictures: Picture[] = [];
  const skipped: Skipped[] = [];
  // In parts, so that a million files do not stand open at once.
  for (let start = 0; start < files.length; start += filesAtOnce) {
    const part = files.slice(start, start + filesAtOnce);
    for (const result of await Promise.all(part.map((file) => checkPicture(file, check)))) {
      // libvips has one place for the errors of all threads: alone, each file gets its own reason.
      const checked = "reason" in result ? await checkPicture(result.file, check) : result;
      if ("reason" in checked) skipped.push(checked);
      else pictures.push(checked);
    }
  }
  return { pictures, skipped };
}

const filesAtOnce = 64;

async function checkPicture(file: string, check: Check): Promise<Picture | Skipped> {
  const extension = extname(file).toLowerCase();
  if (!pictureExtensions.includes(extension)) {
    return { file, reason: `extension "${extension}" is none of ${pictureExtensions.join(" ")}` };
  }
  try {
    const { size: bytes } = await stat(file);
    if (bytes === 0) return { file, reason: "empty file" };
    if (check === "name") return { file };
    const size = await pictureSize(file);
    if (check === "decode" || !(await hasEnd(file, bytes))) await tryDecoding(file);
    return { file, size };
  } catch (error) {
    return { file, reason: reasonOf(error) };
  }
}

/** The last bytes of a whole JPEG, PNG or GIF file. */
const ends = ["ffd9", "49454e44ae426082", "003b"].map((hex) => Buffer.from(hex, "hex"));

async function hasEnd(file: string, bytes: number): Promise<boolean> {
  const handle = await open(file);
  try {
    const tail = Buffer.alloc(Math.min(8, bytes));
    await handle.read(tail, 0, tail.length, bytes - tail.length);
    return ends.some((end) => tail.subarray(-end.length).equals(end));
  } finally {
    await handle.close();
  }
}

/** All files below a folder, as paths that start with `folder`, sorted by code units; hidden ones are left out. */
export async function filesBelow(folder: string): Promise<string[]> {
  const nested = await Promise.all((await entriesOf(folder)).map(({ path, isFolder }) => (isFolder ? filesBelow(path) : [path])));
  return nested.flat();
}

export type Entry = { name: string; path: string; isFolder: boolean };

/** What lies directly in a folder, sorted by code units; hidden entries are left out, links are followed. */
export async function entriesOf(folder: string): Promise<Entry[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith("."));
  const names = entries.map(async (entry): Promise<Entry> => {
    const path = join(folder, entry.name);
    return { name: entry.name, path, isFolder: entry.isSymbolicLink() ? await isFolder(path) : entry.isDirectory() };
  });
  return (await Promise.all(names)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a path leads to a folder; a broken link does not. */
export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
