import { distillationLoss, resizeImages } from "@flexivit/distill";
import { parseScheme } from "@flexivit/patch-schemes";
import { classifierLogits, type ClassifierBatch, type ClassifierModel, type ClassifierRecipe, type TrainedWeights, type TrainingContext } from "flexivit";
import * as tf from "@tensorflow/tfjs-core";
import type { Teacher } from "./plan.ts";

/**
 * The loss of a student that sees a teacher's answers and no labels: the distance of the logits, the teacher at its own
 * patch size and image size, both on the same crop and mixup.
 *
 * Pictures come at the larger of the two sizes; the other one is resized from it.
 */
export function teacherObjective(recipe: ClassifierRecipe, teacher: ClassifierModel, { patchSize, imageSizePx, distance }: Omit<Teacher, "plan">): NonNullable<TrainingContext["objective"]> {
  const { vit, remainder, recompute, seed } = recipe;
  const scheme = parseScheme(patchSize);
  const loss = (params: TrainedWeights, { images0 }: ClassifierBatch, { scheme: own, step }: Parameters<NonNullable<TrainingContext["objective"]>["loss"]>[2]): { loss: tf.Scalar } => {
    const answers = classifierLogits(teacher.params, teacher.info.vit, atSize(images0, imageSizePx), { scheme });
    const logits = classifierLogits(params, vit, atSize(images0, recipe.imageSizePx), { scheme: own, remainder, recompute, training: true, seed, step });
    return { loss: distillationLoss(logits, answers, distance) };
  };
  return { loss, imageSizePx: Math.max(imageSizePx, recipe.imageSizePx) };
}

/** @param images [batch, height, width, channels] */
function atSize(images: tf.Tensor4D, sizePx: number): tf.Tensor4D {
  return images.shape[1] === sizePx ? images : resizeImages(images, [sizePx, sizePx]);
}
