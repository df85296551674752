import { existsSync } from "node:fs";
import { join } from "node:path";
import { fashionMnist, imageFolder, imageNet, mnist, subset, type ImageSource, type Skipped } from "@flexivit/data";
import { random } from "@flexivit/random";

/** Pictures to train on and pictures to test on, with the same classes in the same order. */
export type DataSets = { name: string; training: ImageSource; test: ImageSource; skipped: readonly Skipped[] };

export type OpenDataOptions = {
  /** Refuse damaged pictures instead of leaving them out. */
  strict?: boolean;
  /** 1 for grey, 3 for RGB; folders only. */
  channels?: 1 | 3;
};

const packagedSets = { "fashion-mnist": fashionMnist, mnist } as const;

/** Share of a folder without its own test pictures that is held out. */
const heldOutShare = 0.1;

/**
 * Opens a data set: a packaged one by name, a folder with `train/` and `val/` (ImageNet's layout), or a folder with one
 * folder per class, of which a tenth (the same on every machine) is held out as test pictures.
 *
 * @throws where the name is neither a packaged set nor a folder.
 */
export async function openData(name: string, options: OpenDataOptions = {}): Promise<DataSets> {
  if (name in packagedSets) {
    const { train, test } = await packagedSets[name as keyof typeof packagedSets]();
    return { name, training: train, test, skipped: [] };
  }
  if (!existsSync(name)) {
    throw new Error(`openData(name): expected ${Object.keys(packagedSets).join(", ")} or a folder of pictures, got "${name}". Check the path.`);
  }
  if (existsSync(join(name, "train"))) {
    const { train, validation } = await imageNet(name, options);
    return { name, training: train, test: validation, skipped: [...train.skipped, ...validation.skipped] };
  }
  const all = await imageFolder(name, options);
  return { name, ...holdOut(all), skipped: all.skipped };
}

function holdOut(all: ImageSource): { training: ImageSource; test: ImageSource } {
  const order = random(0, "held-out pictures").permutation(all.size);
  const testSize = Math.max(1, Math.round(all.size * heldOutShare));
  return { training: subset(all, order.subarray(testSize).toSorted()), test: subset(all, order.subarray(0, testSize).toSorted()) };
}
