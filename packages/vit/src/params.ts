import type { LinearParams, MlpParams } from "@flexivit/ops";
import { initParams, lecunNormal, normal, ones, xavierUniform, zeros, type InitTree } from "@flexivit/params";
import type * as tf from "@tensorflow/tfjs-core";
import { checkVitConfig, type VitConfig } from "./config.ts";

/** `scale` [dim], `bias` [dim]. */
export type NormParams = { scale: tf.Tensor1D; bias: tf.Tensor1D };

/** Four projections, each `kernel` [dim, dim] and `bias` [dim]. */
export type AttentionParams = { query: LinearParams; key: LinearParams; value: LinearParams; output: LinearParams };

/** One transformer block. */
export type BlockParams = {
  attentionNorm: NormParams;
  attention: AttentionParams;
  mlpNorm: NormParams;
  mlp: MlpParams;
};

/** All weights of a vision transformer without its head. */
export type VitParams = {
  /** `kernel` [patchHeight, patchWidth, channels, dim] at the stored patch size, `bias` [dim]. */
  patchEmbedding: { kernel: tf.Tensor4D; bias: tf.Tensor1D };
  /** [gridHeight, gridWidth, dim] at the stored grid. */
  positions: tf.Tensor3D;
  /** [1, dim]; only with pooling "tok". */
  classToken?: tf.Tensor2D;
  blocks: BlockParams[];
  norm: NormParams;
};

/**
 * Fresh weights, the same for the same seed on every machine.
 *
 * Kernels are Xavier-uniform, the patch kernel LeCun-normal, positions N(0, 1/dim), MLP biases N(0, 1e-12), the rest zero or one.
 * The draw of a weight depends on the seed and on its path alone.
 * Source: big_vision `models/vit.py`, `models/proj/flexi/vit.py`.
 */
export function initVit(config: VitConfig, seed: number): VitParams {
  checkVitConfig(config, "initVit");
  const { dim, depth, channels } = config;
  const [patchHeight, patchWidth] = config.patchSize;
  const [gridHeight, gridWidth] = config.positionGrid;
  const spec: InitTree<VitParams> = {
    patchEmbedding: {
      kernel: lecunNormal([patchHeight, patchWidth, channels, dim]),
      bias: zeros([dim]),
    },
    positions: normal([gridHeight, gridWidth, dim], 1 / Math.sqrt(dim)),
    ...(config.pooling === "tok" ? { classToken: zeros([1, dim]) } : {}),
    blocks: Array.from({ length: depth }, () => blockSpec(config)),
    norm: normSpec(dim),
  };
  return initParams<VitParams>(spec, seed);
}

const normSpec = (dim: number): InitTree<NormParams> => ({ scale: ones([dim]), bias: zeros([dim]) });
const projectionSpec = (dim: number): InitTree<LinearParams> => ({ kernel: xavierUniform([dim, dim]), bias: zeros([dim]) });

function blockSpec({ dim, hiddenDim }: VitConfig): InitTree<BlockParams> {
  return {
    attentionNorm: normSpec(dim),
    attention: { query: projectionSpec(dim), key: projectionSpec(dim), value: projectionSpec(dim), output: projectionSpec(dim) },
    mlpNorm: normSpec(dim),
    mlp: {
      hidden: { kernel: xavierUniform([dim, hiddenDim]), bias: normal([hiddenDim], 1e-6) },
      output: { kernel: xavierUniform([hiddenDim, dim]), bias: normal([dim], 1e-6) },
    },
  };
}
