import { classify, initClassifier, type ClassifierParams } from "@flexivit/classify";
import { weightedLosses, type LossFunction, type Losses } from "@flexivit/train";
import type { VitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { classifierFeatures, type ClassifierWeights } from "./model.ts";
import type { ClassifierRecipe } from "./recipe.ts";
import { objectiveLoss } from "./task.ts";
import type { ClassifierBatch } from "./training-batches.ts";

/** A second head beside the model's own while it trains: on the mean of the tokens that a block in its middle puts out. */
export type Auxiliary = {
  /** Index of the block, from 0. */
  block: number;
  /** What its loss counts beside the model's own. */
  weight: number;
};

/** What is trained: the model, and the second head where there is one. */
export type TrainedWeights = ClassifierWeights & { auxiliary?: ClassifierParams };

/** The weights with a fresh second head where the recipe asks for one. */
export function withAuxiliary(weights: ClassifierWeights, { auxiliary, vit, seed }: ClassifierRecipe, classes: number): TrainedWeights {
  if (!auxiliary) return weights;
  return { ...weights, auxiliary: initClassifier({ dim: vit.dim, classes }, seed) };
}

/** The loss of a recipe on a batch; with a second head the terms of both, weighted, and each is logged. */
export function classifierLoss(recipe: ClassifierRecipe): LossFunction<TrainedWeights, ClassifierBatch> {
  const { vit, remainder, recompute, seed, auxiliary, accumulate } = recipe;
  const blocks = auxiliary ? [String(auxiliary.block)] : [];
  return (params, { targets, ...pictures }, { scheme, step, part }): Losses => {
    const images = Object.values(pictures);
    const options = { scheme, remainder, recompute, training: true, seed, step: step * accumulate + part, blocks };
    const features = classifierFeatures(params, vit, images.length === 1 ? images[0] : images, options);
    const label = lossOf(params.head, features.pooled, targets, recipe);
    if (!auxiliary) return { loss: label };
    const middle = tf.mean<tf.Tensor2D>(features.blocks[auxiliary.block], 1);
    return weightedLosses({ label: [1, label], auxiliary: [auxiliary.weight, lossOf(params.auxiliary!, middle, targets, recipe)] });
  };
}

function lossOf(head: ClassifierParams, pooled: tf.Tensor2D, targets: tf.Tensor2D, { objective, labelSmoothing }: ClassifierRecipe): tf.Scalar {
  return objectiveLoss(classify(head, { pooled }), targets, objective, labelSmoothing);
}

/**
 * Refuses a second head where there is no such block, or where images differ in size, so that some tokens are padding.
 */
export function checkAuxiliary({ block, weight }: Auxiliary, { depth }: VitConfig, sizes: number): void {
  if (!(Number.isInteger(block) && block >= 0 && block < depth)) {
    throw new Error(`checkRecipe(auxiliary.block): expected a block from 0 to ${depth - 1}, got ${block}. Choose one in the middle.`);
  }
  if (!(weight >= 0 && weight < Infinity)) {
    throw new Error(`checkRecipe(auxiliary.weight): expected a finite number of at least 0, got ${weight}. Try 0.3.`);
  }
  if (sizes > 1) {
    throw new Error(`checkRecipe(auxiliary): expected pictures of one size with a second head, got ${sizes} sizes. Leave out one of the two.`);
  }
}
