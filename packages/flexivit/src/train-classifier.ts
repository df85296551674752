import { join } from "node:path";
import type { ImageSource } from "@flexivit/data";
import { alone } from "@flexivit/parallel";
import { train, type TrainOptions } from "@flexivit/train";
import { disposeTree } from "@flexivit/params";
import { evaluateAt } from "./evaluate-classifier.ts";
import { classifierLoss, withAuxiliary, type TrainedWeights } from "./classifier-loss.ts";
import type { ClassifierInfo, ClassifierModel } from "./model.ts";
import { saveModel } from "./model-file.ts";
import type { Task } from "./task.ts";
import { openTeacher, type Objective } from "./teacher-objective.ts";
import { firstWeights } from "./starting-point.ts";
import { checkRecipe, type ClassifierRecipe } from "./recipe.ts";
import { trainingBatches, type ClassifierBatch } from "./training-batches.ts";
import { trainingOptions, type RunContext } from "./training-options.ts";

/** What a training needs beside its recipe. */
export type TrainingContext = RunContext & {
  training: ImageSource;
  test: ImageSource;
  /** What the targets of both say; one class per picture unless given. */
  task?: Task;
  /** A loss in place of the recipe's own, such as a distance from a teacher, and the size of the pictures that it gets. */
  objective?: Objective;
};

export type TrainedClassifier = {
  /** "stopped": the signal was aborted; nothing is written to `file` then. */
  status: "finished" | "stopped";
  model: ClassifierModel;
  file: string;
  /** Steps done in all. */
  step: number;
};

/**
 * Trains a classifier by its recipe: one scheme drawn per step, evaluated at every patch size, resumable at any step.
 *
 * The trained model (its moving average, where the recipe keeps one) is written to `model.safetensors` in the run folder.
 *
 * @returns the model; its weights are the caller's to dispose.
 * @throws where the recipe cannot work, a picture cannot be read, or a loss is not finite.
 */
export async function trainClassifier(recipe: ClassifierRecipe, context: TrainingContext): Promise<TrainedClassifier> {
  checkRecipe(recipe);
  const { training, run, communicator = alone } = context;
  const info = infoOf(recipe, context);
  const teacher = await openTeacher(recipe, training.classes);
  const objective = context.objective ?? teacher.objective;
  const sized = objective ? { ...recipe, imageSizePx: objective.imageSizePx, imageSizesPx: undefined } : recipe;
  const { batch, close } = trainingBatches(sized, training, communicator);
  const options = { ...optionsOf(recipe, info, { ...context, objective }), batch };
  const { params, ema, status, step } = await train<TrainedWeights, ClassifierBatch>(options).finally(close).finally(teacher.close);
  if (ema) disposeTree(params);
  const { auxiliary, ...trained } = ema ?? params;
  disposeTree(auxiliary);
  const model: ClassifierModel = { params: trained, info };
  const file = join(run.folder, "model.safetensors");
  if (status === "finished" && communicator.rank === 0) await saveModel(file, model);
  return { status, model, file, step };
}

function infoOf(recipe: ClassifierRecipe, { training, task }: TrainingContext): ClassifierInfo {
  const { vit, imageSizePx, testFraming: framing, normalisation, patchSizes } = recipe;
  return { vit, ...(task && { task }), classes: [...training.classes], imageSizePx, framing, ...(normalisation && { normalisation }), patchSizes };
}

function optionsOf(recipe: ClassifierRecipe, info: ClassifierInfo, context: TrainingContext): Omit<TrainOptions<TrainedWeights, ClassifierBatch>, "batch"> {
  const { training, test, objective, signal } = context;
  const { remainder } = recipe;
  return {
    ...trainingOptions<TrainedWeights>(recipe, context, async (params, scheme) => (await evaluateAt({ params, info }, test, scheme, { remainder, signal })).figures),
    init: async () => withAuxiliary(await firstWeights(recipe, training.classes), recipe, training.classes.length),
    loss: objective?.loss ?? classifierLoss(recipe),
  };
}
