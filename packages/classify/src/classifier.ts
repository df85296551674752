import { axes } from "@flexivit/axes";
import type { Features } from "@flexivit/features";
import { linear } from "@flexivit/ops";
import { constant, initParams, normal, zeros } from "@flexivit/params";
import type * as tf from "@tensorflow/tfjs-core";

/** `kernel` [dim, classes], `bias` [classes]. */
export type ClassifierParams = { kernel: tf.Tensor2D; bias: tf.Tensor1D };

export type ClassifierConfig = {
  /** Width of the features. */
  dim: number;
  /** Number of classes, or of outputs of a regression. */
  classes: number;
  /** Standard deviation of the first kernel; 0 unless given, so that training starts at equal probabilities. */
  kernelStd?: number;
  /** First value of every bias; 0 unless given. The paper's sigmoid recipe starts at -10, where no class is likely. */
  bias?: number;
};

/**
 * Fresh weights of a linear head: a kernel of zeros unless `kernelStd` says otherwise, as big_vision's heads start.
 *
 * @returns weights that are the caller's to dispose
 * @throws when a size is no whole number above 0.
 */
export function initClassifier(config: ClassifierConfig, seed: number): ClassifierParams {
  for (const [name, meaning] of [["dim", "width of the features"], ["classes", "number of outputs"]] as const) {
    if (!Number.isInteger(config[name]) || config[name] < 1) {
      throw new Error(`initClassifier(${name}): expected a whole number above 0, got ${config[name]}. Set ${name} to the ${meaning}.`);
    }
  }
  const { dim, classes, kernelStd = 0, bias = 0 } = config;
  const kernel = kernelStd === 0 ? zeros([dim, classes]) : normal([dim, classes], kernelStd);
  return initParams<ClassifierParams>({ kernel, bias: constant([classes], bias) }, seed);
}

/**
 * Class logits of a batch: `pooled kernel + bias`.
 *
 * @param params from {@link initClassifier}
 * @param features of any backbone; `pooled` [batch, dim] is used
 * @returns [batch, classes]
 * @throws when the features have another width than the head.
 */
export function classify(params: ClassifierParams, features: Pick<Features, "pooled">): tf.Tensor2D {
  const [dim] = params.kernel.shape;
  axes(features.pooled, "classify(features.pooled)", "batch dim", { dim });
  return linear(features.pooled, params.kernel, params.bias);
}
