import { describeVit, loadVit, saveVit, type VitDescription } from "@flexivit/checkpoint";
import { formatScheme, patchScheme } from "@flexivit/patch-schemes";
import type { ClassifierInfo, ClassifierModel } from "./model.ts";
import { recipeDefaults } from "./recipe.ts";

const format = "flexivit-classifier-1";

/** Writes a classifier to one `.safetensors` file, its configuration and class names included. */
export async function saveModel(file: string, { params: { backbone, head }, info }: ClassifierModel): Promise<void> {
  await saveVit(file, { params: backbone, config: info.vit, head }, "flexivit", { format, info });
}

/**
 * Reads a classifier: one that `saveModel` or `flexivit train` wrote, or weights of big_vision, timm or Hugging Face with
 * a head. Its weights are the caller's to dispose.
 *
 * @param labels names of the classes, in the order of the logits, in place of those in the file
 * @throws where the file is missing, damaged or of another kind, has no head, or as many labels as classes are not given.
 */
export async function loadModel(file: string, labels?: readonly string[]): Promise<ClassifierModel> {
  const info = await readModelInfo(file, labels);
  const { params: backbone, head } = await loadVit(file);
  return { params: { backbone, head: head! }, info };
}

/**
 * What a classifier's file says beside the weights, which stay unread.
 *
 * @throws as {@link loadModel} does.
 */
export async function readModelInfo(file: string, labels?: readonly string[]): Promise<ClassifierInfo> {
  const description = await describeVit(file);
  if (description.classes !== undefined) return classifierInfo(description, labels);
  throw new Error(`loadModel(file): expected a classifier, got weights without a head: ${file}. Pass weights with a head, or train one.`);
}

/**
 * What a classifier needs beside its weights: from the note in its file, or for weights of other origins what fits them:
 * pictures of the size that the stored kernel and positions make, classes named by their number.
 */
export function classifierInfo({ config, classes = 0, metadata }: VitDescription, labels?: readonly string[]): ClassifierInfo {
  if (labels && labels.length !== classes) {
    throw new Error(`loadModel(labels): expected ${classes} names, one per class, got ${labels.length}. Give one per line, in the order of the logits.`);
  }
  const noted = metadata["format"] === format ? (metadata["info"] as ClassifierInfo) : undefined;
  const names = labels ?? noted?.classes ?? Array.from({ length: classes }, (_, index) => `class ${index}`);
  if (noted) return { ...noted, vit: config, classes: [...names] };
  const sides = [0, 1].map((axis) => config.patchSize[axis] * config.positionGrid[axis]);
  const patchSizes = [formatScheme(patchScheme(config.patchSize))];
  return { vit: config, classes: [...names], imageSizePx: Math.max(...sides), framing: recipeDefaults.testFraming, patchSizes };
}
