import { batchAt, prefetch, type Batch, type ImageSource } from "@flexivit/data";
import * as tf from "@tensorflow/tfjs-core";
import type { ClassifierRecipe } from "./recipe.ts";

/** `images` [batch, height, width, channels] in [-1, 1], `targets` [batch, classes]. */
export type ClassifierBatch = { images: tf.Tensor4D; targets: tf.Tensor2D };

/** Batches of a training, in the order of its steps. */
export type TrainingBatches = { batch: (step: number, part: number) => Promise<ClassifierBatch>; close: () => Promise<void> };

/**
 * Batches in the order in which training asks for them, the next two prepared while a step runs.
 *
 * The two hold 4 bytes per pixel and channel: little beside the activations of the one in use.
 */
export function trainingBatches(recipe: ClassifierRecipe, source: ImageSource): TrainingBatches {
  const { accumulate, batchSize, seed, mix, augment } = recipe;
  const options = {
    seed,
    batchSize: batchSize / accumulate,
    imageSize: recipe.imageSizePx,
    framing: recipe.trainFraming,
    augment,
    ...mix,
  };
  let ahead: { at: number; batches: AsyncGenerator<Batch, void, void> } | undefined;
  return {
    async close() {
      await ahead?.batches.return();
    },
    async batch(step, part) {
      const at = step * accumulate + part;
      ahead ??= { at, batches: prefetch((index) => batchAt(source, index, options), { from: at, to: recipe.steps * accumulate }) };
      if (at !== ahead.at++) throw new Error(`trainClassifier(batch): expected parts in order, got ${at} instead of ${ahead.at - 1}. Train with one loop at a time.`);
      const next = await ahead.batches.next();
      return toTensors(next.value as Batch, source.classes.length);
    },
  };
}

function toTensors(batch: Batch, classes: number): ClassifierBatch {
  return {
    images: tf.tensor4d(batch.images, batch.shape),
    targets: tf.tensor2d(batch.targets, [batch.labels.length, classes]),
  };
}
