import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileSource } from "./file-source.ts";
import { imageFolder, refuseSkipped, type FolderOptions, type FolderSource } from "./image-folder.ts";
import { checkPictures, entriesOf, filesBelow } from "./list-pictures.ts";

export type ImageNetOptions = Omit<FolderOptions, "classes"> & {
  /**
   * Where `val` has no folders: a text file with a picture and its synset per line, separated by blanks or a
   * comma, such as `ILSVRC2012_val_00000001 n01751748`; what follows on a line is not read.
   */
  validationLabels?: string;
};

/**
 * The two sets below a folder in the layout of ImageNet: `train/<synset>/` and `val/<synset>/` or a flat `val/`.
 *
 * Both have the classes of `train`, so labels mean the same. Files are checked by name only unless `check` says more.
 */
export async function imageNet(
  folder: string,
  { validationLabels, check = "name", ...options }: ImageNetOptions = {},
): Promise<{ train: FolderSource; validation: FolderSource }> {
  const train = await imageFolder(join(folder, "train"), { ...options, check });
  const { classes } = train;
  const isFlat = validationLabels !== undefined && !(await entriesOf(join(folder, "val"))).some((entry) => entry.isFolder);
  const validation = isFlat
    ? await flatFolder(join(folder, "val"), validationLabels, { ...options, check, classes })
    : await imageFolder(join(folder, "val"), { ...options, check, classes });
  return { train, validation };
}

async function flatFolder(folder: string, labelFile: string, options: FolderOptions & { classes: readonly string[] }): Promise<FolderSource> {
  const { classes, check = "name", strict = false, channels } = options;
  const synsets = await readLabels(labelFile);
  const { pictures, skipped } = await checkPictures(await filesBelow(folder), check);
  const labels = pictures.map(({ file }) => {
    const synset = synsets.get(stem(file));
    const label = synset === undefined ? -1 : classes.indexOf(synset);
    if (label >= 0) return label;
    const got = synset === undefined ? "no line" : `the unknown class "${synset}"`;
    throw new Error(`imageNet(validationLabels): expected a class of train for ${stem(file)} in ${labelFile}, got ${got}. Correct the file.`);
  });
  refuseSkipped("imageNet", folder, skipped, pictures.length, strict);
  const files = pictures.map(({ file }) => file);
  return { ...fileSource({ files, classes, labels, channels, sizes: pictures.map(({ size }) => size) }), files, skipped };
}

async function readLabels(file: string): Promise<Map<string, string>> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return new Map(
    lines.map((line) => {
      const [name, synset = ""] = line.trim().split(/[\s,]+/);
      return [stem(name), synset];
    }),
  );
}

/** The name of a file without folders and extension. */
const stem = (file: string): string => file.replace(/^.*[\\/]/, "").replace(/\.[A-Za-z]+$/, "");
