import { batchAt, prefetch, type Batch, type ImageSource } from "@flexivit/data";
import * as tf from "@tensorflow/tfjs-core";
import type { ClassifierRecipe } from "./recipe.ts";

/**
 * `targets` [batch, classes], and the pictures in order: `images0` [batch, height, width, channels] in [-1, 1], and where a
 * step has several sizes `images1`, ... of one size each.
 */
export type ClassifierBatch = { targets: tf.Tensor2D } & { [images: `images${number}`]: tf.Tensor4D };

/** Which of the processes that train together reads: the ranks take the parts of a batch in turn. */
type Rank = { rank: number; size: number };

/** Batches of a training, in the order of its steps. */
export type TrainingBatches = { batch: (step: number, part: number) => Promise<ClassifierBatch>; close: () => Promise<void> };

/**
 * Batches in the order in which training asks for them, the next two prepared while a step runs.
 *
 * The two hold 4 bytes per pixel and channel: little beside the activations of the one in use. A rank reads its own
 * parts only; which pictures a part holds, and how they are mixed, does not depend on the number of ranks.
 */
export function trainingBatches(recipe: ClassifierRecipe, source: ImageSource, { rank, size }: Rank = { rank: 0, size: 1 }): TrainingBatches {
  const { accumulate, steps } = recipe;
  const perStep = Math.ceil((accumulate - rank) / size);
  const readPart = readerOf(recipe, source);
  const read = (own: number): Promise<Batch[]> => readPart(Math.floor(own / perStep) * accumulate + rank + (own % perStep) * size);
  let ahead: { at: number; batches: AsyncGenerator<Batch[], void, void> } | undefined;
  return {
    async close() {
      await ahead?.batches.return();
    },
    async batch(step, part) {
      const at = step * perStep + (part - rank) / size;
      ahead ??= { at, batches: prefetch(read, { from: at, to: steps * perStep }) };
      if (at !== ahead.at++) throw new Error(`trainClassifier(batch): expected parts in order, got ${at} instead of ${ahead.at - 1}. Train with one loop at a time.`);
      const next = await ahead.batches.next();
      return toTensors(next.value as Batch[], source.classes.length);
    },
  };
}

/** Reads part `at` of the training: a batch per size of pictures, each with its share of them. */
function readerOf(recipe: ClassifierRecipe, source: ImageSource): (at: number) => Promise<Batch[]> {
  const { batchSize, accumulate, seed, augment, normalisation, mix, imageSizePx, imageSizesPx = [imageSizePx] } = recipe;
  const groups = imageSizesPx.length;
  const options = { seed, batchSize: batchSize / accumulate / groups, framing: recipe.trainFraming, augment, normalisation, ...mix };
  return (at) => Promise.all(imageSizesPx.map((imageSize, group) => batchAt(source, at * groups + group, { ...options, imageSize })));
}

function toTensors(batches: Batch[], classes: number): ClassifierBatch {
  const targets = tf.tidy(() => tf.concat(batches.map((batch) => tf.tensor2d(batch.targets, [batch.labels.length, classes]))));
  const images = batches.map(({ images, shape }, group) => [`images${group}`, tf.tensor4d(images, shape)]);
  return { targets, ...Object.fromEntries(images) } as ClassifierBatch; // targets first: they count the examples
}
