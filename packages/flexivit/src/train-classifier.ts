import { classificationLoss } from "@flexivit/classify";
import { batchAt, prefetch, type Batch, type ImageSource } from "@flexivit/data";
import { adamw } from "@flexivit/optim";
import { parseScheme, uniform, type SchemeDistribution } from "@flexivit/patch-schemes";
import type { LocalRun } from "@flexivit/run-log";
import { atEveryScheme, train, type StepReport } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import { accuracyAt } from "./evaluate-classifier.ts";
import { classifierLogits, initClassifierWeights, type ClassifierInfo, type ClassifierModel } from "./model.ts";
import { saveModel } from "./model-file.ts";
import type { ClassifierRecipe } from "./recipe.ts";

/** What a training needs beside its recipe. */
export type TrainingContext = {
  training: ImageSource;
  test: ImageSource;
  /** The open run folder: rows, checkpoints and the trained model go there. */
  run: LocalRun;
  onStep?: (report: StepReport) => void;
  signal?: AbortSignal;
};

export type TrainedClassifier = { status: "finished" | "stopped"; model: ClassifierModel; file: string; step: number };

/**
 * Trains a classifier by its recipe: one scheme drawn per step, evaluated at every patch size, resumable at any step.
 *
 * The trained model (its moving average, where the recipe keeps one) is written to `model.safetensors` in the run folder.
 *
 * @returns the model; its weights are the caller's to dispose.
 */
export async function trainClassifier(recipe: ClassifierRecipe, context: TrainingContext): Promise<TrainedClassifier> {
  const { training, test, run } = context;
  const info = infoOf(recipe, training.classes);
  const batches = trainingBatches(recipe, training);
  const result = await train({
    init: () => initClassifierWeights(recipe.vit, training.classes.length, recipe.headBias, recipe.seed),
    loss: (params, { images, targets }, { scheme }) => {
      const logits = classifierLogits(params, recipe.vit, images, { scheme });
      return { loss: classificationLoss(logits, smoothed(targets, recipe.labelSmoothing), recipe.objective) };
    },
    batch: batches.batch,
    schemes: schemesOf(recipe),
    optimizer: adamw({ learningRate: recipe.learningRate, weightDecay: recipe.weightDecay }),
    schedule: { kind: "cosine", totalSteps: recipe.steps, warmupSteps: recipe.warmupSteps },
    ...pick(recipe, "steps", "seed", "clipNorm", "emaDecay", "accumulate"),
    evaluate: {
      every: recipe.evaluateEvery,
      run: (params) =>
        atEveryScheme(recipe.evaluatePatchSizes.map(parseScheme), async (scheme) => ({
          accuracy: (await accuracyAt({ params, info }, test, scheme)).accuracy,
        })),
    },
    checkpoints: { folder: run.checkpoints, every: recipe.checkpointEvery },
    logger: run,
    onStep: context.onStep,
    signal: context.signal,
  }).finally(batches.close);
  const { params, ema, status, step } = result;
  if (ema) tf.dispose(params);
  const model: ClassifierModel = { params: ema ?? params, info };
  const file = `${run.folder}/model.safetensors`;
  if (status === "finished") await saveModel(file, model);
  return { status, model, file, step };
}

function infoOf(recipe: ClassifierRecipe, classes: readonly string[]): ClassifierInfo {
  const { vit, imageSizePx, testFraming, patchSizes } = recipe;
  return { vit, classes: [...classes], imageSizePx, framing: testFraming, patchSizes };
}

function schemesOf({ patchSizes, patchWeights }: ClassifierRecipe): SchemeDistribution {
  const schemes = patchSizes.map(parseScheme);
  return patchWeights ? { kind: "categorical", schemes, weights: patchWeights } : uniform(schemes);
}

type ClassifierBatch = { images: tf.Tensor4D; targets: tf.Tensor2D };

/** Batches in the order in which training asks for them, the next ones prepared while a step runs. */
function trainingBatches(recipe: ClassifierRecipe, source: ImageSource): { batch: (step: number, part: number) => Promise<ClassifierBatch>; close: () => Promise<void> } {
  const { accumulate, batchSize, seed, mixup } = recipe;
  if (batchSize % accumulate !== 0) {
    throw new Error(`trainClassifier(accumulate): expected a divisor of the batch size ${batchSize}, got ${accumulate}. Choose both so that the parts are equal.`);
  }
  const options = {
    seed,
    batchSize: batchSize / accumulate,
    imageSize: recipe.imageSizePx,
    framing: recipe.trainFraming,
    ...(mixup > 0 ? { mixup: { alpha: mixup } } : {}),
  };
  let ahead: { at: number; batches: AsyncGenerator<Batch, void, void> } | undefined;
  const close = async (): Promise<void> => void (await ahead?.batches.return());
  return {
    close,
    async batch(step, part) {
      const at = step * accumulate + part;
      ahead ??= { at, batches: prefetch((index) => batchAt(source, index, options), { from: at, to: recipe.steps * accumulate }) };
      if (at !== ahead.at++) throw new Error(`trainClassifier(batch): expected parts in order, got ${at} instead of ${ahead.at - 1}. Train with one loop at a time.`);
      const next = await ahead.batches.next();
      return toTensors(next.value as Batch, source.classes.length);
    },
  };
}

/** Moves a share of every target to all classes alike. */
function smoothed(targets: tf.Tensor2D, share: number): tf.Tensor2D {
  return share === 0 ? targets : tf.add(tf.mul(targets, 1 - share), share / targets.shape[1]);
}

/** Images and targets of a batch as tensors; the caller disposes them. */
export function toTensors(batch: Batch, classes: number): ClassifierBatch {
  return {
    images: tf.tensor4d(batch.images, batch.shape),
    targets: tf.tensor2d(batch.targets, [batch.labels.length, classes]),
  };
}

function pick<T, K extends keyof T>(from: T, ...names: K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
