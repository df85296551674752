import { join } from "node:path";
import type { ImageSource } from "@flexivit/data";
import { alone, type Communicator } from "@flexivit/parallel";
import { parseScheme } from "@flexivit/patch-schemes";
import type { LocalRun } from "@flexivit/run-log";
import { atEveryScheme, train, type Figures, type StepReport, type TrainOptions } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import { disposeTree, under } from "@flexivit/params";
import { evaluateAt } from "./evaluate-classifier.ts";
import { classifierLoss, withAuxiliary, type TrainedWeights } from "./classifier-loss.ts";
import type { ClassifierInfo, ClassifierModel } from "./model.ts";
import { saveModel } from "./model-file.ts";
import type { Task } from "./task.ts";
import { openTeacher, type Objective } from "./teacher-objective.ts";
import { firstWeights } from "./starting-point.ts";
import { checkRecipe, optimizerFor, scheduleOf, schemesOf, type ClassifierRecipe } from "./recipe.ts";
import { trainingBatches, type ClassifierBatch, type TrainingBatches } from "./training-batches.ts";

/** What a training needs beside its recipe. */
export type TrainingContext = {
  training: ImageSource;
  test: ImageSource;
  /** What the targets of both say; one class per picture unless given. */
  task?: Task;
  /** The open run folder: rows, checkpoints and the trained model go there. The caller finishes it. */
  run: LocalRun;
  onStep?: (report: StepReport) => void;
  /** Told the figures of each evaluation, such as `{ "accuracy/12": 0.9 }`. */
  onEvaluation?: (figures: Figures, step: number) => void;
  /** Aborting it stops after the current step, with a checkpoint. */
  signal?: AbortSignal;
  /** A loss in place of the recipe's own, such as a distance from a teacher, and the size of the pictures that it gets. */
  objective?: Objective;
  /** Ranks that train together, each with the same recipe; rank 0 alone writes to the run folder. */
  communicator?: Communicator;
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
  const batches = trainingBatches(sized, training, communicator);
  const { params, ema, status, step } = await train(optionsOf(recipe, info, { ...context, objective }, batches)).finally(batches.close).finally(teacher.close);
  if (ema) tf.dispose(params);
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

function optionsOf(
  recipe: ClassifierRecipe,
  info: ClassifierInfo,
  { training, test, run, onStep, onEvaluation, signal, objective, communicator }: TrainingContext,
  { batch }: TrainingBatches,
): TrainOptions<TrainedWeights, ClassifierBatch> {
  const { remainder, seed, steps, clipNorm, emaDecay, accumulate } = recipe;
  const evaluated = recipe.evaluatePatchSizes.map(parseScheme);
  return {
    init: async () => withAuxiliary(await firstWeights(recipe, training.classes), recipe, training.classes.length),
    loss: objective?.loss ?? classifierLoss(recipe),
    batch,
    schemes: schemesOf(recipe),
    optimizer: optimizerFor(recipe),
    schedule: scheduleOf(recipe),
    steps,
    seed,
    clipNorm,
    emaDecay,
    accumulate,
    communicator,
    freeze: recipe.freeze.length > 0 ? under(...recipe.freeze) : undefined,
    evaluate: {
      every: recipe.evaluateEvery,
      run: (params) =>
        atEveryScheme(
          evaluated,
          async (scheme) => {
            const { figures } = await evaluateAt({ params, info }, test, scheme, { remainder, signal });
            return figures;
          },
          communicator,
        ),
    },
    checkpoints: { folder: run.checkpoints, every: recipe.checkpointEvery },
    logger: run,
    onStep,
    onEvaluation,
    signal,
  };
}
