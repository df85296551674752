import { readFile } from "node:fs/promises";
import { basename, extname, join, relative } from "node:path";
import { mapFiles, picturesBelow, type MapFolderOptions, type MapFolderSource } from "./map-files.ts";
import { classTable, labelPicture } from "./map-pictures.ts";

/**
 * A split of the scene parsing release of ADE20K: pictures in `images/<split>`, grey 8-bit labels of the same names in
 * `annotations/<split>`. A stored 0 is unlabelled and becomes 255, 1..150 become the classes 0..149.
 *
 * The names of the classes come from `objectInfo150.txt` where that is there, else they are "1" to "150".
 *
 * @param split "training" or "validation"
 * @throws where a folder is missing or the list has more than 255 classes, or, while reading, at a label above the number of
 *   classes, with file and place
 * Source: B. Zhou et al., "Scene parsing through ADE20K dataset", 2017.
 */
export async function ade20k(folder: string, split: string, options: MapFolderOptions = {}): Promise<MapFolderSource<"labels">> {
  const images = join(folder, "images", split);
  const pictures = await picturesBelow("ade20k", images);
  const classes = await classNames(join(folder, "objectInfo150.txt"));
  const table = classTable(new Map(classes.map((_, label) => [label + 1, label])), [0]);
  const places = (picture: string) => [join(folder, "annotations", split, relative(images, picture).slice(0, -extname(picture).length) + ".png")];
  return mapFiles({ caller: "ade20k", folder: images, pictures, classes, readers: { labels: { places, read: (file) => labelPicture(file, table) } } }, options);
}

/** Stored labels are 1 to 255. */
const mostClasses = 255;

/** One class per line, the index first and the name last, between tabs; the first line names the columns. */
async function classNames(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return Array.from({ length: 150 }, (_, i) => String(i + 1));
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "").slice(1);
  if (lines.length > mostClasses) throw new Error(`ade20k(${file}): expected at most ${mostClasses} classes, which 8-bit labels can tell apart from each other and from none, got ${lines.length}. Merge classes or leave some out.`);
  return lines.map((line, i) => {
    const fields = line.split("\t").filter((field) => field !== "");
    if (Number(fields[0]) !== i + 1) throw new Error(`ade20k(${basename(file)}:${i + 2}): expected class ${i + 1}, got "${fields[0]}". Restore the file of the release.`);
    return fields.at(-1)!.trim();
  });
}
