import { describeVit, loadVit, resizeVit, type VitModel } from "@flexivit/checkpoint";
import type { ClassifierParams } from "@flexivit/classify";
import { disposeTree, leaves, type ParamTree, under } from "@flexivit/params";
import { sha256Of } from "@flexivit/run-log";
import type { VitConfig, VitParams } from "@flexivit/vit";
import { initClassifierWeights, type ClassifierInfo, type ClassifierWeights } from "./model.ts";
import { classifierInfo } from "./model-file.ts";
import type { ClassifierRecipe } from "./recipe.ts";
import { describeTask, loadTaskModel } from "./tasks/task-file.ts";
import type { TaskModel } from "./tasks/task-model.ts";

/** Trained weights that a training starts from; the checksum makes sure that a resumed run speaks of the same ones. */
export type StartingPoint = { file: string; sha256: string };

/**
 * The starting point that a file of weights is (of ours, big_vision, timm or Hugging Face), and what it says beside them;
 * `classes` is empty where there is no classifier's head.
 *
 * @throws where the file is missing, damaged or of another kind.
 */
export async function startingPointOf(file: string): Promise<{ from: StartingPoint; info: ClassifierInfo }> {
  const task = await describeTask(file).catch(() => undefined); // the reader of classifiers says why it cannot be read
  const info = task ? taskAsClassifier(task) : classifierInfo(await describeVit(file));
  return { from: { file, sha256: await sha256Of(file) }, info };
}

/** What a classifier may start from in a task model: all but its head. */
function taskAsClassifier({ vit, imageSizePx, framing, normalisation, patchSizes }: TaskModel["info"]): ClassifierInfo {
  return { vit, classes: [], imageSizePx, framing, ...(normalisation && { normalisation }), patchSizes };
}

/** How a model stores its kernel and its positions and resizes them at each call: what may differ from the model that it starts from. */
export type VitStorage = Pick<VitConfig, "patchSize" | "positionGrid" | "kernelResize" | "positionInterpolation">;

/** A configuration with the storage of another one. */
export function storedLike(vit: VitConfig, { patchSize, positionGrid, kernelResize, positionInterpolation }: VitStorage): VitConfig {
  return { ...vit, patchSize, positionGrid, kernelResize, positionInterpolation };
}

/**
 * The weights before the first step: fresh ones, or those that the recipe starts from. Where the recipe stores kernel and
 * positions at other sizes than the file, they are resized once, by the rules that travel with the file: PI-resize keeps the
 * tokens of patches that grow. A head for other classes, or for the same in another order, is fresh.
 *
 * @throws where the file to start from holds another model than the recipe's, or has changed, or cannot be stored at the
 *   recipe's sizes, or there is nothing where the recipe would freeze.
 * Source: big_vision `models/proj/flexi/vit.py` `load`, which resizes a fixed model's weights so for a flexible student.
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
  const { backbone, head, info, task } = await startedFrom(from, vit);
  disposeTree(task?.params.head);
  if (head && keepsHead(info, classes)) return { backbone, head };
  disposeTree(head);
  const fresh = initClassifierWeights(vit, classes.length, headBias, seed);
  disposeTree(fresh.backbone);
  return { backbone, head: fresh.head };
}

/** A backbone, what its file says, and the head that it came with: a classifier's, or that of a task model. */
type Started = { backbone: VitParams; info: ClassifierInfo; head?: ClassifierParams; task?: TaskModel };

/**
 * The weights of a starting point, kernel and positions stored at the sizes of `vit`. All are the caller's to dispose.
 *
 * @throws where the file has changed, or holds another model than `vit` but for its storage
 */
export async function startedFrom({ file, sha256 }: StartingPoint, vit: VitConfig): Promise<Started> {
  const { from: now, info } = await startingPointOf(file);
  if (now.sha256 !== sha256 || JSON.stringify(storedLike(info.vit, vit)) !== JSON.stringify(vit)) {
    throw new Error(`firstWeights(from): expected the model that this recipe was made for, got another in ${file}. Make the recipe again.`);
  }
  const task = (await describeTask(file)) ? await loadTaskModel(file) : undefined;
  const { params, head } = storedAt(vit, task ? { params: task.params.backbone, config: task.info.vit } : await loadVit(file));
  return { backbone: params, info, ...(head && { head }), ...(task && { task }) };
}

/** The model with its weights stored at the sizes of a configuration; itself, bit for bit, where those are its own. */
function storedAt({ patchSize, positionGrid }: VitConfig, model: VitModel): Pick<VitModel, "params" | "head"> {
  const { config, params, head } = model;
  if (String([config.patchSize, config.positionGrid]) === String([patchSize, positionGrid])) return model;
  try {
    return resizeVit(model, { patchSize, positionGrid });
  } finally {
    disposeTree(params, head);
  }
}

/** Whether the head of a trained model fits these classes. */
export function keepsHead(info: ClassifierInfo, classes: readonly string[]): boolean {
  return JSON.stringify(info.classes) === JSON.stringify(classes);
}
