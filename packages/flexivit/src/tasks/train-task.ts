import { join } from "node:path";
import { disposeTree } from "@flexivit/params";
import { alone } from "@flexivit/parallel";
import { train, type LossFunction, type TensorBatch, type TrainOptions } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import { checkSource } from "../evaluation-pass.ts";
import { orderedParts, type OrderedParts } from "../ordered-parts.ts";
import { trainingOptions, type RunContext } from "../training-options.ts";
import { tasks } from "./all-tasks.ts";
import { evaluateTask } from "./evaluate-task.ts";
import { firstTaskWeights } from "./first-task-weights.ts";
import type { TaskBatches, TaskTargets } from "./task-definition.ts";
import { saveTaskModel } from "./task-file.ts";
import type { HeadTask, LossOptions, TaskInfo, TaskModel, TaskParams, TaskSources } from "./task-model.ts";
import { taskOutputs } from "./task-outputs.ts";
import { checkTaskRecipe, finestCells, type TaskRecipe } from "./task-recipe.ts";

/** What a training needs beside its recipe: pictures to learn from and to test on, and an open run. */
export type TaskContext<T extends HeadTask> = RunContext & { training: TaskSources[T]; test: TaskSources[T] };

export type TrainedTask<T extends HeadTask = HeadTask> = {
  /** "stopped": the signal was aborted; nothing is written to `file` then. */
  status: "finished" | "stopped";
  model: TaskModel<T>;
  file: string;
  /** Steps done in all. */
  step: number;
};

/**
 * Trains a backbone and the head of a task by a recipe: one scheme drawn per step, evaluated at every patch size, resumable
 * at any step.
 *
 * The trained model (its moving average, where the recipe keeps one) is written to `model.safetensors` in the run folder.
 *
 * @returns the model; its weights are the caller's to dispose.
 * @throws where the recipe cannot work, data and head do not fit, a file cannot be read, or a loss is not finite.
 */
export async function trainTask<T extends HeadTask>(recipe: TaskRecipe<T>, context: TaskContext<T>): Promise<TrainedTask<T>> {
  checkTaskRecipe(recipe);
  const { training, test, run, communicator = alone } = context;
  const info = taskInfoOf(recipe, training);
  for (const source of [training, test]) checkSource(info, source, "trainTask");
  const evaluation = { remainder: recipe.remainder, signal: context.signal, pixels: "input" as const };
  const { batch, close } = trainingParts(recipe, context);
  const options: TrainOptions<TaskParams<T>, TensorBatch> = {
    ...trainingOptions<TaskParams<T>>(recipe, context, async (params, scheme) => (await evaluateTask({ params, info }, test, scheme, evaluation)).figures),
    init: () => firstTaskWeights(recipe, info),
    loss: lossOf(recipe),
    batch,
  };
  const { params, ema, status, step } = await train(options).finally(close);
  if (ema) disposeTree(params);
  const model: TaskModel<T> = { params: ema ?? params, info };
  const file = join(run.folder, "model.safetensors");
  if (status === "finished" && communicator.rank === 0) await saveTaskModel(file, model);
  return { status, model, file, step };
}

/** What the trained model keeps beside its weights; throws where data and head do not fit. */
export function taskInfoOf<T extends HeadTask>(recipe: TaskRecipe<T>, training: TaskSources[T]): TaskInfo<T> {
  const { task, vit, head, imageSizePx, testFraming: framing, normalisation, patchSizes } = recipe;
  return { task, vit, head, ...tasks[task].describe(training, head, "trainTask"), imageSizePx, framing, ...(normalisation && { normalisation }), patchSizes };
}

/** The parts of the batches, in order: `images` [batch, height, width, channels] and what the loss compares with. */
function trainingParts<T extends HeadTask>(recipe: TaskRecipe<T>, { training, communicator = alone }: TaskContext<T>): OrderedParts<TensorBatch> {
  const { task, head, seed, batchSize, accumulate, imageSizePx: imageSize, trainFraming: framing, normalisation } = recipe;
  const cells = finestCells(recipe);
  const options = { seed, batchSize: batchSize / accumulate, imageSize, framing, normalisation };
  return orderedParts(recipe, communicator, {
    read: (at) => tasks[task].read(training, at, options),
    tensors: (read: TaskBatches[T]) => ({ images: tf.tensor4d(read.images, read.shape), ...(tasks[task].targets(read, head, cells) as TensorBatch) }),
    where: "trainTask",
  });
}

function lossOf<T extends HeadTask>(recipe: TaskRecipe<T>): LossFunction<TaskParams<T>, TensorBatch> {
  const { task, vit, head, remainder, recompute, seed, accumulate, loss = {} as LossOptions[T] } = recipe;
  return (params, { images, ...targets }, { scheme, step, part }) => {
    const options = { scheme, remainder, recompute, training: true, seed, step: step * accumulate + part };
    const outputs = taskOutputs(params, { task, vit, head }, images as tf.Tensor4D, options);
    return tasks[task].loss(outputs, targets as unknown as TaskTargets[T], head, loss);
  };
}
