import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { disposeTree } from "@flexivit/params";
import { initClassifierWeights, type ClassifierInfo, type ClassifierWeights } from "./model.ts";
import { loadModel, readModelInfo } from "./model-file.ts";
import type { ClassifierRecipe } from "./recipe.ts";

/** Trained weights that a training starts from; the checksum makes sure that a resumed run speaks of the same ones. */
export type StartingPoint = { file: string; sha256: string };

/**
 * The starting point that a classifier's file is, and what the file says beside the weights.
 *
 * @throws where the file is missing, damaged or of another kind.
 */
export async function startingPointOf(file: string): Promise<{ from: StartingPoint; info: ClassifierInfo }> {
  const info = await readModelInfo(file);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { from: { file, sha256: hash.digest("hex") }, info };
}

/**
 * The weights before the first step: fresh ones, or those that the recipe starts from. A head for other classes, or for
 * the same in another order, is fresh.
 *
 * @throws where the file to start from holds another model than the recipe's, or has changed.
 */
export async function firstWeights(
  { vit, from, headBias, seed }: Pick<ClassifierRecipe, "vit" | "from" | "headBias" | "seed">,
  classes: readonly string[],
): Promise<ClassifierWeights> {
  if (!from) return initClassifierWeights(vit, classes.length, headBias, seed);
  const now = await startingPointOf(from.file);
  if (now.from.sha256 !== from.sha256 || JSON.stringify(now.info.vit) !== JSON.stringify(vit)) {
    throw new Error(`firstWeights(from): expected the model that this recipe was made for, got another in ${from.file}. Make the recipe again.`);
  }
  const { params } = await loadModel(from.file);
  if (keepsHead(now.info, classes)) return params;
  disposeTree(params.head);
  const { backbone, head } = initClassifierWeights(vit, classes.length, headBias, seed);
  disposeTree(backbone);
  return { backbone: params.backbone, head };
}

/** Whether the head of a trained model fits these classes. */
export function keepsHead(info: ClassifierInfo, classes: readonly string[]): boolean {
  return JSON.stringify(info.classes) === JSON.stringify(classes);
}
