import type { ConvolutionParams, LinearParams } from "@flexivit/ops";
import { initParams, lecunNormal, normal, ones, zeros, type InitTree } from "@flexivit/params";
import type * as tf from "@tensorflow/tfjs-core";
import { checkDenseConfig, type DenseConfig } from "./dense-config.ts";

/** A residual unit: x + second(gelu(first(gelu(x)))), 3x3 each. */
export type ResidualUnitParams = { first: ConvolutionParams; second: ConvolutionParams };

/** One level: the norm [dim] and projection [dim, width] of its tokens, and the units before and after it meets the coarser ones. */
export type LevelParams = {
  norm: { scale: tf.Tensor1D; bias: tf.Tensor1D };
  projection: LinearParams;
  lateral: ResidualUnitParams;
  fusion: ResidualUnitParams;
};

/** From the finest level to values: a 3x3 convolution, GELU, `output` [width, values]. */
export type MapHeadParams = { convolution: ConvolutionParams; output: LinearParams };

/** Weights of a decoder, finest level first, and of the maps that the config asks for. */
export type DenseParams = { levels: LevelParams[]; depth?: MapHeadParams; normals?: MapHeadParams };

/**
 * Fresh weights of a decoder; the same weights serve every patch size.
 *
 * Depth starts near the middle of its range (of the logarithms).
 *
 * @returns weights that are the caller's to dispose
 * @throws where the config could not work.
 */
export function initDense(config: DenseConfig, seed: number): DenseParams {
  checkDenseConfig(config);
  const { dim, width, blocks, depth, normals } = config;
  const level = (): InitTree<LevelParams> => ({
    norm: { scale: ones([dim]), bias: zeros([dim]) },
    projection: { kernel: lecunNormal([dim, width]), bias: zeros([width]) },
    lateral: unit(width),
    fusion: unit(width),
  });
  const spec: InitTree<DenseParams> = {
    levels: blocks.map(level),
    ...(depth ? { depth: head(width, depth.kind === "bins" ? depth.bins : 1) } : {}),
    ...(normals ? { normals: head(width, 3) } : {}),
  };
  return initParams<DenseParams>(spec, seed);
}

const convolution = (width: number): InitTree<ConvolutionParams> => ({ kernel: lecunNormal([3, 3, width, width]), bias: zeros([width]) });

const unit = (width: number): InitTree<ResidualUnitParams> => ({ first: convolution(width), second: convolution(width) });

/** The small kernel starts all depths alike; normals need a direction to begin with, so it is not zero. */
const head = (width: number, values: number): InitTree<MapHeadParams> => ({
  convolution: convolution(width),
  output: { kernel: normal([width, values], 0.02), bias: zeros([values]) },
});
