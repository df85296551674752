import { loadVit, saveVit, type LoadedVit } from "@flexivit/checkpoint";
import { disposeTree } from "@flexivit/params";
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
 * @param options `labels`: names of the classes, in the order of the logits, in place of those in the file
 * @throws where the file is missing, damaged or of another kind, has no head, or as many labels as classes are not given.
 */
export async function loadModel(file: string, options: { labels?: readonly string[] } = {}): Promise<ClassifierModel> {
  const model = await loadVit(file);
  try {
    if (!model.head) throw new Error(`loadModel(file): expected a classifier, got weights without a head: ${file}. Pass weights with a head, or train one.`);
    const params = { backbone: model.params, head: model.head };
    return { params, info: classifierInfo(model, options.labels) };
  } catch (error) {
    disposeTree(model.params, model.head);
    throw error;
  }
}

/**
 * What a classifier needs beside its weights: from the note in its file, or for weights of other origins what fits them:
 * pictures of the size that the stored kernel and positions make, classes named by their number.
 */
export function classifierInfo({ config, head, metadata }: LoadedVit, labels?: readonly string[]): ClassifierInfo {
  const classes = head!.bias.shape[0];
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
