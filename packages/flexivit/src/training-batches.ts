import { batchAt, type Batch, type ImageSource } from "@flexivit/data";
import * as tf from "@tensorflow/tfjs-core";
import { orderedParts, type OrderedParts, type Rank } from "./ordered-parts.ts";
import type { ClassifierRecipe } from "./recipe.ts";

/**
 * `targets` [batch, classes], and the pictures in order: `images0` [batch, height, width, channels] in [-1, 1], and where a
 * step has several sizes `images1`, ... of one size each.
 */
export type ClassifierBatch = { targets: tf.Tensor2D } & { [images: `images${number}`]: tf.Tensor4D };

/** The batches of a classifier's training, in order; how pictures are mixed does not depend on the number of ranks. */
export function trainingBatches(recipe: ClassifierRecipe, source: ImageSource, rank: Rank = { rank: 0, size: 1 }): OrderedParts<ClassifierBatch> {
  const tensors = (batches: Batch[]): ClassifierBatch => toTensors(batches, source.classes.length);
  return orderedParts(recipe, rank, { read: readerOf(recipe, source), tensors, where: "trainClassifier" });
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
