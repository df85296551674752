import type { ConvolutionParams, LinearParams, MlpParams } from "@flexivit/ops";
import { initParams } from "@flexivit/params";
import type * as tf from "@tensorflow/tfjs-core";
import { checkVitConfig } from "./check-config.ts";
import type { VitConfig } from "./config.ts";
import { vitSpec } from "./spec.ts";

export type { ConvolutionParams };

/** `scale` [dim], `bias` [dim]. */
export type NormParams = { scale: tf.Tensor1D; bias: tf.Tensor1D };

/** Four projections, each `kernel` [dim, dim] and `bias` [dim]. */
export type AttentionParams = { query: LinearParams; key: LinearParams; value: LinearParams; output: LinearParams };

/** A residual block of a hybrid: x + second(gelu(secondNorm(first(gelu(firstNorm(x)))))). */
export type ResidualParams = { firstNorm: NormParams; first: ConvolutionParams; secondNorm: NormParams; second: ConvolutionParams };

/** A stage of a convolutional stem; `blocks` only in a hybrid. */
export type StageParams = { convolution: ConvolutionParams; norm: NormParams; blocks?: ResidualParams[] };

/** Weights of an embedder: the patch kernel, and what its kind has beside it. */
export type PatchEmbeddingParams = {
  /**
   * [patchHeight, patchWidth, channels, dim] at the stored patch size. The last axis is `hiddenDim` under "mlp", and
   * gridHeight * gridWidth * dim under "linear" with `perPosition`; the channels are those of the feature map after
   * convolutions, the sides those of the patch divided by the stride of a stem.
   */
  kernel: tf.Tensor4D;
  /** [dim]; [hiddenDim] under "mlp". */
  bias: tf.Tensor1D;
  /** "mlp": `kernel` [hiddenDim, dim], `bias` [dim]. */
  output?: LinearParams;
  /** "attention": between the tiles of an image. */
  attention?: AttentionParams;
  /** "tile-cnn": within a tile. */
  convolution?: ConvolutionParams;
  /** "conv-stem" and "hybrid": over the image. */
  stages?: StageParams[];
};

/** Learned positions, by `config.positions`. */
export type PositionParams =
  | { /** "grid": [gridHeight, gridWidth, dim]. */ grid: tf.Tensor3D }
  | { /** "sequence": [gridHeight * gridWidth, dim]. */ sequence: tf.Tensor2D }
  | { /** "factorised": [gridHeight, dim / 2] and [gridWidth, dim / 2]. */ rows: tf.Tensor2D; columns: tf.Tensor2D }
  | { /** "index": [dim], what the index of a token is multiplied by. */ direction: tf.Tensor1D };

/** One transformer block. The scales, each [dim], only with `config.layerScale`. */
export type BlockParams = {
  attentionNorm: NormParams;
  attention: AttentionParams;
  attentionScale?: tf.Tensor1D;
  mlpNorm: NormParams;
  mlp: MlpParams;
  mlpScale?: tf.Tensor1D;
};

/** Pooling "map": `probe` [1, dim], the learned query. */
export type PoolParams = { probe: tf.Tensor2D; attention: AttentionParams; norm: NormParams; mlp: MlpParams };

/** All weights of a vision transformer without its head. */
export type VitParams = {
  patchEmbedding: PatchEmbeddingParams;
  /** Absent with positions "sin-cos" and "none". */
  positions?: PositionParams;
  /** [1, dim]; only with a learned class token. */
  classToken?: tf.Tensor2D;
  /** [1, dim]; only with a class token that has a position. */
  classTokenPosition?: tf.Tensor2D;
  /** [registers, dim]; only where there are any. */
  registers?: tf.Tensor2D;
  blocks: BlockParams[];
  /** Of the tokens or of the pooled vector: `config.normPlace`. */
  norm: NormParams;
  /** Only with pooling "map". */
  pool?: PoolParams;
};

/**
 * Fresh weights, the same for the same seed on every machine.
 *
 * Kernels are Xavier-uniform; kernels of patches and convolutions LeCun-normal; positions N(0, 1 / dim), the direction of
 * "index" as many times smaller as the stored grid has cells; registers and biases of MLPs N(0, 1e-12); scales of norms
 * are one, those of branches `layerScale`; the rest is zero. The draw of a weight depends on the seed and its path alone.
 *
 * @returns weights that are the caller's to dispose
 * @throws when the fields of the config do not fit together.
 * Source: big_vision `models/vit.py`, `models/proj/flexi/vit.py`; registers timm.
 */
export function initVit(config: VitConfig, seed: number): VitParams {
  return initParams<VitParams>(vitSpec(checkVitConfig(config, "initVit")), seed);
}
