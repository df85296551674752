import { classify, initClassifier, type ClassifierParams } from "@flexivit/classify";
import type { EvaluationFraming, Normalisation } from "@flexivit/data";
import type { Features, MixedFeatures } from "@flexivit/features";
import { initVit, vit, vitMixed, type VitConfig, type VitOptions, type VitParams } from "@flexivit/vit";
import type { Task } from "./task.ts";
import * as tf from "@tensorflow/tfjs-core";

/** The trainable weights of a classifier: a backbone and its head. */
export type ClassifierWeights = { backbone: VitParams; head: ClassifierParams };

/** What a classifier needs beside its weights. Plain data: it is stored in the weights' file. */
export type ClassifierInfo = {
  vit: VitConfig;
  /** What the outputs mean; classes of which a picture has one, unless given. */
  task?: Task;
  /** Names of the classes, or of the numbers, in the order of the outputs. */
  classes: string[];
  /** Height and width of the pictures it was trained on. */
  imageSizePx: number;
  /** How a picture is cut to that size. */
  framing: EvaluationFraming;
  /** How its pixels are scaled; to [-1, 1] unless given. */
  normalisation?: Normalisation;
  /** Patch sizes it was trained at. */
  patchSizes: string[];
};

/** A classifier: pictures in, class logits out, at any patch size. */
export type ClassifierModel = { params: ClassifierWeights; info: ClassifierInfo };

/** Fresh weights for a backbone and a linear head. */
export function initClassifierWeights(config: VitConfig, classes: number, headBias: number, seed: number): ClassifierWeights {
  return { backbone: initVit(config, seed), head: initClassifier({ dim: config.dim, classes, bias: headBias }, seed) };
}

/**
 * Class logits of a batch of pictures at a patch scheme.
 *
 * @param images [batch, height, width, channels] in [-1, 1], or several such of different heights and widths
 * @returns [batch, classes]
 */
export function classifierLogits(
  params: ClassifierWeights,
  config: VitConfig,
  images: tf.Tensor4D | readonly tf.Tensor4D[],
  options: VitOptions,
): tf.Tensor2D {
  return tf.tidy(() => classify(params.head, classifierFeatures(params, config, images, options)));
}

/** What the backbone gives to the head, for the same arguments. */
export function classifierFeatures(
  { backbone }: ClassifierWeights,
  config: VitConfig,
  images: tf.Tensor4D | readonly tf.Tensor4D[],
  options: VitOptions,
): Features | MixedFeatures {
  return images instanceof tf.Tensor ? vit(backbone, config, images, options) : vitMixed(backbone, config, images, options);
}
