import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { describeVit, loadVit } from "@flexivit/checkpoint";
import { disposeTree, leaves, type ParamTree, under } from "@flexivit/params";
import { initClassifierWeights, type ClassifierInfo, type ClassifierWeights } from "./model.ts";
import { classifierInfo } from "./model-file.ts";
import type { ClassifierRecipe } from "./recipe.ts";

/** Trained weights that a training starts from; the checksum makes sure that a resumed run speaks of the same ones. */
export type StartingPoint = { file: string; sha256: string };

/**
 * The starting point that a file of weights is (of ours, big_vision, timm or Hugging Face), and what it says beside them;
 * `classes` is empty where there is no head.
 *
 * @throws where the file is missing, damaged or of another kind.
 */
export async function startingPointOf(file: string): Promise<{ from: StartingPoint; info: ClassifierInfo }> {
  const info = classifierInfo(await describeVit(file));
  return { from: { file, sha256: await sha256Of(file) }, info };
}

/** The checksum of a file, read piece by piece. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * The weights before the first step: fresh ones, or those that the recipe starts from. A head for other classes, or for
 * the same in another order, is fresh.
 *
 * @throws where the file to start from holds another model than the recipe's, or has changed, or there is nothing where
 *   the recipe would freeze.
 */
export async function firstWeights(recipe: FirstWeightsRecipe, classes: readonly string[]): Promise<ClassifierWeights> {
  return requirePlaces(await startingWeights(recipe, classes), recipe.freeze);
}

/** The weights; where they have nothing at a place to freeze, they are freed and an error names the places. */
export function requirePlaces<P extends ParamTree>(weights: P, freeze: readonly string[]): P {
  const paths = leaves(weights).map(({ path }) => path);
  const empty = freeze.find((place) => !paths.some(under(place)));
  if (empty === undefined) return weights;
  disposeTree(weights);
  throw new Error(`firstWeights(freeze): expected places such as ${placesOf(paths)}, got "${empty}". Name weights that this model has.`);
}

/**
 * Throws where the recipe would freeze what its model does not have; for before a run folder is made, which a wrong name
 * must not leave behind.
 */
export async function checkFreeze(recipe: FirstWeightsRecipe, classes: readonly string[]): Promise<void> {
  if (recipe.freeze.length > 0) disposeTree(await firstWeights(recipe, classes));
}

type FirstWeightsRecipe = Pick<ClassifierRecipe, "vit" | "from" | "headBias" | "seed" | "freeze">;

/** The groups of a classifier, and one block to show how blocks are named. */
function placesOf(paths: readonly string[]): string {
  const groups = new Set(paths.map((path) => path.split("/").slice(0, path.startsWith("backbone/") ? 2 : 1).join("/")));
  return ["backbone", ...groups, "backbone/blocks/0"].join(", ");
}

async function startingWeights({ vit, from, headBias, seed }: FirstWeightsRecipe, classes: readonly string[]): Promise<ClassifierWeights> {
  if (!from) return initClassifierWeights(vit, classes.length, headBias, seed);
  const now = await startingPointOf(from.file);
  if (now.from.sha256 !== from.sha256 || JSON.stringify(now.info.vit) !== JSON.stringify(vit)) {
    throw new Error(`firstWeights(from): expected the model that this recipe was made for, got another in ${from.file}. Make the recipe again.`);
  }
  const { params: backbone, head } = await loadVit(from.file);
  if (head && keepsHead(now.info, classes)) return { backbone, head };
  disposeTree(head);
  const fresh = initClassifierWeights(vit, classes.length, headBias, seed);
  disposeTree(fresh.backbone);
  return { backbone, head: fresh.head };
}

/** Whether the head of a trained model fits these classes. */
export function keepsHead(info: ClassifierInfo, classes: readonly string[]): boolean {
  return JSON.stringify(info.classes) === JSON.stringify(classes);
}
