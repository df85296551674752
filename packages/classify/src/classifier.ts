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
 * Fresh weights of a linear head: zero unless `kernelStd` says otherwise, as big_vision's heads start.
 *
 * @throws when a size is not a positive whole number.
 */
export function initClassifier(config: ClassifierConfig, seed: number): ClassifierParams {
  for (const name of ["dim", "classes"] as const) {
    if (!Number.isInteger(config[name]) || config[name] < 1) {
      throw new Error(`initClassifier(${name}): expected a whole number of at least 1, got ${config[name]}. Set ${name} to a positive whole number.`);
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
 */
export function classify(params: ClassifierParams, features: Pick<Features, "pooled">): tf.Tensor2D {
  const [dim] = params.kernel.shape;
  axes(features.pooled, "classify(features.pooled)", "batch dim", { dim });
  return linear(features.pooled, params.kernel, params.bias);
}
