import { normalisations } from "@flexivit/data";
import { distillationLoss, resizeImages, type Distance } from "@flexivit/distill";
import { disposeTree } from "@flexivit/params";
import { gridOf, parseScheme } from "@flexivit/patch-schemes";
import type { LossFunction } from "@flexivit/train";
import type * as tf from "@tensorflow/tfjs-core";
import type { TrainedWeights } from "./classifier-loss.ts";
import { classifierLogits, type ClassifierModel } from "./model.ts";
import { loadModel } from "./model-file.ts";
import type { ClassifierRecipe } from "./recipe.ts";
import type { StartingPoint } from "./starting-point.ts";
import type { ClassifierBatch } from "./training-batches.ts";

/** How a teacher sees the pictures, and how its answers are compared with the student's. */
export type TeacherView = { patchSize: string; imageSizePx: number; distance: Distance };

/** A trained classifier whose answers take the place of labels. */
export type Teacher = StartingPoint & TeacherView;

/** A loss in place of a recipe's own, and the size of the pictures that it gets. */
export type Objective = { loss: LossFunction<TrainedWeights, ClassifierBatch>; imageSizePx: number };

/**
 * The loss of a student that sees a teacher's answers and no labels: the distance of the logits, the teacher at its own
 * patch size and image size, both on the same crop and mixup.
 *
 * Pictures come at the larger of the two sizes; the other one is resized from it.
 *
 * @throws where the teacher takes pictures of other channels or another scale of pixels than the student.
 * Source: arXiv 2212.08013 section 4; big_vision `configs/proj/flexivit/i1k_deit3_distill.py`.
 */
export function teacherObjective(recipe: ClassifierRecipe, teacher: ClassifierModel, { patchSize, imageSizePx, distance }: TeacherView): Objective {
  const { vit, remainder, recompute, seed, accumulate } = recipe;
  requireSamePictures(teacher.info, recipe);
  const scheme = parseScheme(patchSize);
  const loss: Objective["loss"] = (params, { images0 }, { scheme: own, step, part }) => {
    const answers = classifierLogits(teacher.params, teacher.info.vit, atSize(images0, imageSizePx), { scheme });
    const logits = classifierLogits(params, vit, atSize(images0, recipe.imageSizePx), { scheme: own, remainder, recompute, training: true, seed, step: step * accumulate + part });
    return { loss: distillationLoss(logits, answers, distance) };
  };
  return { loss, imageSizePx: Math.max(imageSizePx, recipe.imageSizePx) };
}

/**
 * The objective of the recipe's teacher, read from its file, and what frees it.
 *
 * @throws where the teacher knows other classes, or pictures of other channels or scale, than the student is to learn from.
 */
export async function openTeacher(recipe: ClassifierRecipe, classes: readonly string[]): Promise<{ objective?: Objective; close: () => void }> {
  const { teacher } = recipe;
  if (!teacher) return { close: () => {} };
  const model = await loadModel(teacher.file);
  try {
    checkTeacher(model, recipe, classes);
    return { objective: teacherObjective(recipe, model, teacher), close: () => disposeTree(model.params) };
  } catch (error) {
    disposeTree(model.params);
    throw error;
  }
}

function checkTeacher({ info }: ClassifierModel, { teacher }: ClassifierRecipe, classes: readonly string[]): void {
  gridOf(parseScheme(teacher!.patchSize), teacher!.imageSizePx);
  if (info.classes.length !== classes.length) {
    throw new Error(`openTeacher(teacher): expected a teacher of ${classes.length} classes, as the data has, got ${info.classes.length} in ${teacher!.file}. Train the teacher on these classes.`);
  }
}

function requireSamePictures(teacher: ClassifierModel["info"], student: ClassifierRecipe): void {
  const [own, others] = [student, teacher].map(({ vit, normalisation = normalisations.half }) => JSON.stringify({ channels: vit.channels, ...normalisation }));
  if (own === others) return;
  throw new Error(`teacherObjective(teacher): expected a teacher of the student's pictures, ${own}, got one of ${others}. Open the data as the teacher takes it (--normalisation).`);
}

/** @param images [batch, height, width, channels] */
function atSize(images: tf.Tensor4D, sizePx: number): tf.Tensor4D {
  return images.shape[1] === sizePx ? images : resizeImages(images, [sizePx, sizePx]);
}
