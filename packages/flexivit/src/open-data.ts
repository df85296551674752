import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { cifar10, fashionMnist, imageFolder, imageNet, labelledFiles, mnist, subset, type FolderSource, type ImageSource, type Skipped } from "@flexivit/data";
import { random } from "@flexivit/random";
import type { Task } from "./task.ts";

/** Pictures to train on and pictures to test on, with the same classes in the same order. */
export type DataSets = {
  name: string;
  training: ImageSource;
  test: ImageSource;
  /** Damaged and foreign files that were left out. */
  skipped: readonly Skipped[];
  /** Whether `test` is a tenth that was held out of one folder or file. */
  heldOut: boolean;
  /** What the targets of both say. */
  task: Task;
};

export type OpenDataOptions = {
  /** Refuse damaged pictures instead of leaving them out. */
  strict?: boolean;
  /** 1 for grey, 3 for RGB (the default); folders only. */
  channels?: 1 | 3;
  /** Classes and their order, as a trained model has them; only for a folder with one folder per class. */
  classes?: readonly string[];
  /** Hold out nothing of a folder with one folder per class: all its pictures are `training` and `test`. */
  all?: boolean;
};

const packagedSets = { "fashion-mnist": fashionMnist, mnist, cifar10 } as const;

/** Share of a folder without its own test pictures that is held out. */
const heldOutShare = 0.1;

/** Whether a name means a data set out of a package: of grey pictures of 28x28, or for cifar10 RGB ones of 32x32. */
export function isPackaged(name: string): boolean {
  return Object.hasOwn(packagedSets, name);
}

/**
 * Opens a data set: a packaged one by name, a folder with `train/` and `val/` (ImageNet's layout), or a folder with one
 * folder per class, of which a tenth (the same on every machine) is held out as test pictures; or a `.csv` file of
 * pictures with several classes or numbers each.
 *
 * @throws where the name is neither a packaged set nor a folder nor a file.
 */
export async function openData(name: string, { strict, channels, classes, all = false }: OpenDataOptions = {}): Promise<DataSets> {
  if (isPackaged(name)) {
    const { train, test } = await packagedSets[name as keyof typeof packagedSets]();
    return { name, training: train, test, skipped: [], heldOut: false, task: "single-label" };
  }
  if (!existsSync(name)) {
    throw new Error(`openData(name): expected ${Object.keys(packagedSets).join(", ")}, a folder of pictures or a .csv file of labels, got "${name}". Check the path.`);
  }
  if (name.endsWith(".csv")) return openLabels(name, { strict, channels, classes, all });
  if (await isSplit(name)) {
    const { train, validation } = await imageNet(name, { strict, channels });
    return { name, training: train, test: validation, skipped: [...train.skipped, ...validation.skipped], heldOut: false, task: "single-label" };
  }
  const source = await imageFolder(name, { strict, channels, classes });
  return { name, ...setsOf(source, name, all), task: "single-label" };
}

/** A file of labels: several classes or numbers per picture. A file `val.csv` beside `train.csv` holds the test pictures. */
async function openLabels(file: string, { all = false, ...options }: OpenDataOptions): Promise<DataSets> {
  const { task, ...source } = await labelledFiles(file, options);
  const validation = join(dirname(file), "val.csv");
  if (basename(file) !== "train.csv" || !existsSync(validation)) return { name: file, ...setsOf(source, dirname(file), all), task };
  const test = await labelledFiles(validation, { ...options, classes: source.classes });
  if (test.task !== task) {
    throw new Error(`openData(name): expected ${validation} to hold ${task} targets, as ${file} does, got ${test.task}. Give both the same columns.`);
  }
  return { name: file, training: source, test, skipped: [...source.skipped, ...test.skipped], heldOut: false, task };
}

function setsOf(source: FolderSource, folder: string, all: boolean): Pick<DataSets, "training" | "test" | "skipped" | "heldOut"> {
  const sets = all ? { training: source, test: source } : holdOut(source, folder);
  return { ...sets, skipped: source.skipped, heldOut: !all };
}

/** A folder `train` that holds folders is a half of a data set; without them it is a class, such as of vehicles. */
async function isSplit(folder: string): Promise<boolean> {
  const entries = await readdir(join(folder, "train"), { withFileTypes: true }).catch(() => []);
  return entries.some((entry) => entry.isDirectory() || entry.isSymbolicLink());
}

/** Draws by the name of each picture, so that hardly any changes sides when pictures are added later. */
function holdOut(all: FolderSource, folder: string): { training: ImageSource; test: ImageSource } {
  const draws = all.files.map((file) => random(0, "held-out picture", relative(folder, file).replaceAll(sep, "/")).uniform());
  const order = [...draws.keys()].sort((a, b) => draws[a] - draws[b]);
  const testSize = Math.max(1, Math.round(all.size * heldOutShare));
  if (testSize >= all.size) {
    throw new Error(`openData(name): expected at least 2 pictures, one to train on and one to test on, got ${all.size} in ${folder}. Add pictures.`);
  }
  return { training: subset(all, order.slice(testSize).sort((a, b) => a - b)), test: subset(all, order.slice(0, testSize).sort((a, b) => a - b)) };
}
