import type { LinearParams, MlpParams, PyramidLevel, PyramidParams } from "@flexivit/ops";
import { constant, type Init, initParams, type InitTree, normal, ones, xavierUniform, zeros } from "@flexivit/params";
import type * as tf from "@tensorflow/tfjs-core";
import { checkDetectorConfig, type DetectorConfig, outputsOf, type Predictors, pyramidLevels } from "./detector-config.ts";

export type NormParams = { scale: tf.Tensor1D; bias: tf.Tensor1D };

/** Four projections [dim, dim]. */
export type AttentionParams = { query: LinearParams; key: LinearParams; value: LinearParams; output: LinearParams };

export type DecoderBlockParams = {
  selfNorm: NormParams;
  selfAttention: AttentionParams;
  crossNorm: NormParams;
  crossAttention: AttentionParams;
  mlpNorm: NormParams;
  mlp: MlpParams;
};

export type DecoderParams = {
  /** [queries, dim]: what each query is before it has looked. */
  content: tf.Tensor2D;
  /** [queries, 2]: where it looks first, x then y, before a sigmoid. */
  reference: tf.Tensor2D;
  /** Positions of cells and queries, as waves, to dim. */
  position: LinearParams;
  blocks: DecoderBlockParams[];
  norm: NormParams;
};

/** Weights of a detection head. */
export type DetectorParams = {
  pyramid?: PyramidParams;
  decoder?: DecoderParams;
  /** [dim, outputs] */
  classes: LinearParams;
  /** dim to dim to 4 */
  boxes: MlpParams;
  masks?: { embedding: MlpParams; pixels: LinearParams };
};

type Spec<P> = InitTree<P>;

/** Side of a box, as a share of the image, that a fresh head predicts; and the probability of a class under `focal`. */
const firstSide = 0.2;
const firstProbability = 0.01; // RetinaNet, arXiv 1708.02002, section 4.1

export const logit = (share: number): number => Math.log(share / (1 - share));

/**
 * Fresh weights of a detection head: boxes of a fifth of the image, each around the place of its token or query.
 *
 * @returns weights that are the caller's to dispose
 * @throws where the config is impossible
 */
export function initDetector(config: DetectorConfig, seed: number): DetectorParams {
  checkDetectorConfig(config);
  const { dim, masks, predictors } = config;
  const bias = config.objective === "softmax" ? 0 : logit(firstProbability);
  const side = logit(firstSide);
  const levels = pyramidLevels(config);
  return initParams<DetectorParams>(
    {
      pyramid: levels.length > 0 ? pyramidSpec(dim, levels) : undefined,
      decoder: predictors.kind === "queries" ? decoderSpec(dim, predictors) : undefined,
      classes: { kernel: normal([dim, outputsOf(config)], 0.01), bias: constant([outputsOf(config)], bias) },
      boxes: { hidden: linearSpec(dim, dim), output: { kernel: zeros([dim, 4]), bias: values([0, 0, side, side]) } },
      masks: masks && { embedding: mlpSpec(dim, dim, masks.dim), pixels: linearSpec(dim, masks.dim) },
    },
    seed,
  );
}

function pyramidSpec(dim: number, levels: readonly PyramidLevel[]): Spec<PyramidParams> {
  const widths: Record<PyramidLevel, number> = { x4: dim / 4, x2: dim / 2, x1: dim, half: dim };
  const level = (width: number) => ({ projection: linearSpec(width, dim), norm: normSpec(dim) });
  return {
    double: levels.includes("x2") ? linearSpec(dim, 2 * dim) : undefined,
    quadruple: levels.includes("x4") ? { first: linearSpec(dim, 2 * dim), norm: normSpec(dim / 2), second: linearSpec(dim / 2, dim) } : undefined,
    levels: Object.fromEntries(levels.map((name) => [name, level(widths[name])])),
  };
}

function decoderSpec(dim: number, { queries, blocks, hiddenDim }: Extract<Predictors, { kind: "queries" }>): Spec<DecoderParams> {
  const attention = () => ({ query: linearSpec(dim, dim), key: linearSpec(dim, dim), value: linearSpec(dim, dim), output: linearSpec(dim, dim) });
  const block = (): Spec<DecoderBlockParams> => ({
    selfNorm: normSpec(dim),
    selfAttention: attention(),
    crossNorm: normSpec(dim),
    crossAttention: attention(),
    mlpNorm: normSpec(dim),
    mlp: mlpSpec(dim, hiddenDim, dim),
  });
  return {
    content: normal([queries, dim], 0.02),
    reference: { shape: [queries, 2], fill: (places, stream) => places.forEach((_, i) => (places[i] = logit(0.05 + 0.9 * stream.uniform()))) },
    position: linearSpec(dim, dim),
    blocks: Array.from({ length: blocks }, block),
    norm: normSpec(dim),
  };
}

const values = (list: readonly number[]): Init => ({ shape: [list.length], fill: (out) => out.set(list) });
const linearSpec = (from: number, to: number): Spec<LinearParams> => ({ kernel: xavierUniform([from, to]), bias: zeros([to]) });
const mlpSpec = (from: number, hidden: number, to: number): Spec<MlpParams> => ({ hidden: linearSpec(from, hidden), output: linearSpec(hidden, to) });
const normSpec = (dim: number): Spec<NormParams> => ({ scale: ones([dim]), bias: zeros([dim]) });
