import type { LinearParams, MlpParams } from "@flexivit/ops";
import { constant, lecunNormal, normal, ones, xavierUniform, zeros, type Init, type InitTree } from "@flexivit/params";
import type { VitConfig } from "./config.ts";
import type { AttentionParams, BlockParams, ConvolutionParams, NormParams, PatchEmbeddingParams, PoolParams, PositionParams, StageParams, VitParams } from "./params.ts";
import { stemStrideOf } from "./stem-stride.ts";

/** The shape and the first values of every weight, before any is made. */
export function vitSpec(config: VitConfig): InitTree<VitParams> {
  const { dim, depth, classToken, registers } = config;
  const positions = positionSpec(config);
  return {
    patchEmbedding: embeddingSpec(config),
    ...(positions && { positions }),
    ...(classToken?.value === "learned" && { classToken: zeros([1, dim]) }),
    ...(classToken?.position && { classTokenPosition: normal([1, dim], 1 / Math.sqrt(dim)) }),
    ...(registers > 0 && { registers: normal([registers, dim], 1e-6) }),
    blocks: Array.from({ length: depth }, () => blockSpec(config)),
    norm: normSpec(dim),
    ...(config.pooling === "map" && { pool: poolSpec(config) }),
  };
}

const normSpec = (dim: number): InitTree<NormParams> => ({ scale: ones([dim]), bias: zeros([dim]) });
const projectionSpec = (dim: number): InitTree<LinearParams> => ({ kernel: xavierUniform([dim, dim]), bias: zeros([dim]) });
const convolutionSpec = (from: number, to: number): InitTree<ConvolutionParams> => ({ kernel: lecunNormal([3, 3, from, to]), bias: zeros([to]) });

function attentionSpec(dim: number): InitTree<AttentionParams> {
  return { query: projectionSpec(dim), key: projectionSpec(dim), value: projectionSpec(dim), output: projectionSpec(dim) };
}

function mlpSpec(dim: number, hiddenDim: number, width = hiddenDim): InitTree<MlpParams> {
  return {
    hidden: { kernel: xavierUniform([dim, width]), bias: normal([width], 1e-6) },
    output: { kernel: xavierUniform([hiddenDim, dim]), bias: normal([dim], 1e-6) },
  };
}

function embeddingSpec({ embedder, channels, dim, patchSize, positionGrid }: VitConfig): InitTree<PatchEmbeddingParams> {
  const stride = stemStrideOf(embedder);
  const sides = [patchSize[0] / stride, patchSize[1] / stride];
  const kernelSpec = (from: number, to: number) => ({ kernel: lecunNormal([...sides, from, to]), bias: zeros([to]) });
  switch (embedder.kind) {
    case "linear": {
      const kernels = embedder.perPosition ? positionGrid[0] * positionGrid[1] : 1;
      return { kernel: lecunNormal([...sides, channels, kernels * dim]), bias: zeros([dim]) };
    }
    case "mlp":
      return { ...kernelSpec(channels, embedder.hiddenDim), output: { kernel: xavierUniform([embedder.hiddenDim, dim]), bias: zeros([dim]) } };
    case "attention":
      return { ...kernelSpec(channels, dim), attention: attentionSpec(dim) };
    case "tile-cnn":
      return { convolution: convolutionSpec(channels, embedder.channels), ...kernelSpec(embedder.channels, dim) };
    case "conv-stem":
      return { stages: stagesSpec(channels, embedder.channels.map((to) => ({ channels: to, blocks: 0 }))), ...kernelSpec(embedder.channels.at(-1)!, dim) };
    case "hybrid":
      return { stages: stagesSpec(channels, embedder.stages), ...kernelSpec(embedder.stages.at(-1)!.channels, dim) };
  }
}

function stagesSpec(channels: number, stages: readonly { channels: number; blocks: number }[]): InitTree<StageParams>[] {
  return stages.map(({ channels: to, blocks }, index) => {
    const from = index === 0 ? channels : stages[index - 1].channels;
    const residual = () => ({ firstNorm: normSpec(to), first: convolutionSpec(to, to), secondNorm: normSpec(to), second: convolutionSpec(to, to) });
    return { convolution: convolutionSpec(from, to), norm: normSpec(to), ...(blocks > 0 && { blocks: Array.from({ length: blocks }, residual) }) };
  });
}

function positionSpec({ positions, positionGrid: [gridHeight, gridWidth], dim }: VitConfig): InitTree<PositionParams> | undefined {
  const draws = (...shape: number[]): Init => normal(shape, 1 / Math.sqrt(dim));
  switch (positions) {
    case "grid":
      return { grid: draws(gridHeight, gridWidth, dim) };
    case "sequence":
      return { sequence: draws(gridHeight * gridWidth, dim) };
    case "factorised":
      return { rows: draws(gridHeight, dim / 2), columns: draws(gridWidth, dim / 2) };
    case "index":
      return { direction: normal([dim], 1 / Math.sqrt(dim) / (gridHeight * gridWidth)) };
    case "sin-cos":
    case "none":
      return undefined;
  }
}

function blockSpec({ dim, hiddenDim, mlp, layerScale }: VitConfig): InitTree<BlockParams> {
  const scale = (): Init => constant([dim], layerScale!);
  return {
    attentionNorm: normSpec(dim),
    attention: attentionSpec(dim),
    ...(layerScale !== undefined && { attentionScale: scale() }),
    mlpNorm: normSpec(dim),
    mlp: mlpSpec(dim, hiddenDim, mlp === "swiglu" ? 2 * hiddenDim : hiddenDim),
    ...(layerScale !== undefined && { mlpScale: scale() }),
  };
}

function poolSpec({ dim, hiddenDim }: VitConfig): InitTree<PoolParams> {
  return { probe: xavierUniform([1, dim]), attention: attentionSpec(dim), norm: normSpec(dim), mlp: mlpSpec(dim, hiddenDim) };
}
