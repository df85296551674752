import { axes } from "@flexivit/axes";
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
 * Kernels are Xavier-uniform, the patch kernel LeCun-normal, positions N(0, 1 / dim), biases of the MLP N(0, 1e-12);
 * scales are one, the rest is zero. The draw of a weight depends on the seed and on its path alone.
 *
 * @returns weights that are the caller's to dispose
 * @throws when the fields of the config do not fit together.
 * Source: big_vision `models/vit.py`, `models/proj/flexi/vit.py`.
 */
export function initVit(config: VitConfig, seed: number): VitParams {
  return initParams<VitParams>(vitSpec(checkVitConfig(config, "initVit")), seed);
}

/** The shape and the first values of every weight, before any is made. */
export function vitSpec(config: VitConfig): InitTree<VitParams> {
  const { dim, depth, channels } = config;
  return {
    patchEmbedding: { kernel: lecunNormal([...config.patchSize, channels, dim]), bias: zeros([dim]) },
    positions: normal([...config.positionGrid, dim], 1 / Math.sqrt(dim)),
    ...(config.pooling === "tok" ? { classToken: zeros([1, dim]) } : {}),
    blocks: Array.from({ length: depth }, () => blockSpec(config)),
    norm: normSpec(dim),
  };
}

/** Throws where weights and configuration are not of one model, which might otherwise run and be wrong. */
export function checkVitParams(params: VitParams, config: VitConfig, where: string): void {
  const { dim, channels, depth, pooling } = config;
  const [patchHeight, patchWidth] = config.patchSize;
  const [gridHeight, gridWidth] = config.positionGrid;
  const kernelAxes = { patchHeight, patchWidth, channels, dim };
  axes(params.patchEmbedding.kernel, `${where}(params.patchEmbedding.kernel)`, "patchHeight patchWidth channels dim", kernelAxes);
  axes(params.positions, `${where}(params.positions)`, "gridHeight gridWidth dim", { gridHeight, gridWidth, dim });
  if (params.classToken) axes(params.classToken, `${where}(params.classToken)`, "1 dim", { dim });
  if ((params.classToken !== undefined) !== (pooling === "tok")) {
    throw new Error(
      `${where}(params.classToken): expected ${pooling === "tok" ? "one" : "none"} with pooling "${pooling}", ` +
        `got ${params.classToken ? "one" : "none"}. Use the config that the weights were made with.`,
    );
  }
  if (params.blocks.length !== depth) {
    throw new Error(
      `${where}(params.blocks): expected ${depth} as config.depth says, got ${params.blocks.length}. Use the config that the weights were made with.`,
    );
  }
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
