import { loadVit, saveVit, type VitDescription } from "@flexivit/checkpoint";
import { normalisations } from "@flexivit/data";
import { disposeTree } from "@flexivit/params";
import { formatScheme, patchScheme } from "@flexivit/patch-schemes";
import type { ClassifierInfo, ClassifierModel } from "./model.ts";
import { recipeDefaults } from "./recipe.ts";

const format = "flexivit-classifier-1";

/** Writes a classifier to one `.safetensors` file, its configuration and class names included. */
export async function saveModel(file: string, { params: { backbone, head }, info }: ClassifierModel): Promise<void> {
  await saveVit(file, { params: backbone, config: info.vit, head }, "flexivit", { format, info });
}

/** What is said of a classifier in place of what its file says. */
export type LoadOptions = {
  /** Names of the classes, in the order of the logits. */
  labels?: readonly string[];
  /** How pixels are scaled. */
  normalisation?: keyof typeof normalisations;
};

/**
 * Reads a classifier: one that `saveModel` or `flexivit train` wrote, or weights of big_vision, timm or Hugging Face with
 * a head. Its weights are the caller's to dispose.
 *
 * @throws where the file is missing, damaged or of another kind, has no head, or as many labels as classes are not given.
 */
export async function loadModel(file: string, options: LoadOptions = {}): Promise<ClassifierModel> {
  const model = await loadVit(file);
  try {
    if (!model.head) throw new Error(`loadModel(file): expected a classifier, got weights without a head: ${file}. Pass weights with a head, or train one.`);
    const params = { backbone: model.params, head: model.head };
    return { params, info: classifierInfo(model, options) };
  } catch (error) {
    disposeTree(model.params, model.head);
    throw error;
  }
}

/**
 * What a classifier needs beside its weights: from the note in its file, or for weights of other origins what fits them:
 * pictures of the size that the stored kernel and positions make, classes named by their number, pixels as DINOv2 takes
 * them where it is one.
 */
export function classifierInfo({ config, classes = 0, metadata, format: origin }: VitDescription, { labels, normalisation: name }: LoadOptions = {}): ClassifierInfo {
  if (labels && labels.length !== classes) {
    throw new Error(`loadModel(labels): expected ${classes} names, one per class, got ${labels.length}. Give one per line, in the order of the logits.`);
  }
  const noted = metadata["format"] === format ? (metadata["info"] as ClassifierInfo) : undefined;
  const names = labels ?? noted?.classes ?? Array.from({ length: classes }, (_, index) => `class ${index}`);
  const known = noted?.normalisation ?? (origin === "hugging_face_dinov2" ? normalisations.imagenet : undefined);
  const normalisation = name === undefined ? known : normalisations[name];
  const scaled = normalisation && { normalisation };
  if (noted) return { ...noted, vit: config, classes: [...names], ...scaled };
  const sides = [0, 1].map((axis) => config.patchSize[axis] * config.positionGrid[axis]);
  const patchSizes = [formatScheme(patchScheme(config.patchSize))];
  return { vit: config, classes: [...names], imageSizePx: Math.max(...sides), framing: recipeDefaults.testFraming, patchSizes, ...scaled };
}
