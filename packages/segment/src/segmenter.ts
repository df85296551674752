import { axes } from "@flexivit/axes";
import type { Features, SizePx } from "@flexivit/features";
import { linear, type LinearParams } from "@flexivit/ops";
import { initParams, normal, zeros, type InitTree } from "@flexivit/params";
import { resizeImages } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { maskTransformer, maskTransformerSpec, type MaskTransformerParams, type MaskTransformerSizes } from "./mask-transformer.ts";

/** A decoder from patch tokens to class logits. Plain data. */
export type SegmenterConfig =
  /** One linear layer per token; its kernel starts with `kernelStd`, 0 unless given. */
  | { readonly kind: "linear"; readonly dim: number; readonly classes: number; readonly kernelStd?: number }
  | {
      /** Learned class queries in transformer blocks with the tokens (Segmenter). */
      readonly kind: "mask-transformer";
      readonly dim: number;
      readonly classes: number;
      /** Attention heads; they divide the width. */
      readonly heads: number;
      /** Width of the decoder; `dim` unless given. */
      readonly decoderDim?: number;
      /** Blocks; 2 unless given, as in the paper. */
      readonly depth?: number;
      /** Width of the blocks' hidden layer; 4 times the width unless given. */
      readonly hiddenDim?: number;
    };

/** The part of the kind that the config names. */
export type SegmenterParams = { /** `kernel` [dim, classes], `bias` [classes]. */ linear?: LinearParams; maskTransformer?: MaskTransformerParams };

/**
 * Fresh weights of a decoder; the same weights serve every patch size.
 *
 * @returns weights that are the caller's to dispose
 * @throws where the kind does not exist, a size is no whole number above 0, or the heads do not divide the width.
 */
export function initSegmenter(config: SegmenterConfig, seed: number): SegmenterParams {
  const { dim, classes } = config;
  checkSizes({ dim, classes });
  if (config.kind === "linear") {
    const { kernelStd = 0 } = config;
    const spec: InitTree<LinearParams> = { kernel: normal([dim, classes], kernelStd), bias: zeros([classes]) };
    return { linear: initParams<LinearParams>(spec, seed) };
  }
  if (config.kind !== "mask-transformer") throw unknownKind(config, "initSegmenter");
  return { maskTransformer: initParams<MaskTransformerParams>(maskTransformerSpec(maskSizes(config)), seed) };
}

/**
 * Class logits of every pixel: those of the patches, joined by straight lines.
 *
 * @param features of any backbone; `tokens` [batch, patches, dim] and their `grid` are used
 * @param imageSizePx [height, width] of the images
 * @returns [batch, height, width, classes]
 * @throws where features, weights and config do not fit together.
 */
export function segment(
  params: SegmenterParams,
  config: SegmenterConfig,
  features: Pick<Features, "tokens" | "grid">,
  imageSizePx: SizePx,
): tf.Tensor4D {
  return tf.tidy(() => resizeImages(segmentPatches(params, config, features), imageSizePx));
}

/**
 * Class logits of every patch.
 *
 * @param features of any backbone; `tokens` [batch, patches, dim] and their `grid` are used
 * @returns [batch, gridHeight, gridWidth, classes]
 * @throws where features, weights and config do not fit together.
 */
export function segmentPatches(params: SegmenterParams, config: SegmenterConfig, features: Pick<Features, "tokens" | "grid">): tf.Tensor4D {
  const { tokens, grid: { gridHeight, gridWidth } } = features;
  const { batch, patches } = axes(tokens, "segment(features.tokens)", "batch patches dim", { dim: config.dim });
  if (patches !== gridHeight * gridWidth) {
    throw new Error(`segment(features.grid): expected a grid of ${patches} patches, got ${gridHeight} x ${gridWidth}. Pass tokens and grid as the backbone gives them.`);
  }
  return tf.tidy(() => tf.reshape(tokenLogits(params, config, tokens), [batch, gridHeight, gridWidth, config.classes]));
}

function tokenLogits(params: SegmenterParams, config: SegmenterConfig, tokens: tf.Tensor3D): tf.Tensor3D {
  if (config.kind === "linear" && params.linear) return linear(tokens, params.linear.kernel, params.linear.bias);
  if (config.kind === "mask-transformer" && params.maskTransformer) return maskTransformer(params.maskTransformer, config.heads, tokens);
  if (config.kind !== "linear" && config.kind !== "mask-transformer") throw unknownKind(config, "segment");
  throw new Error(`segment(params): expected weights of kind "${config.kind}", got ${Object.keys(params).join(", ") || "none"}. Make them with initSegmenter and this config.`);
}

function maskSizes(config: Extract<SegmenterConfig, { kind: "mask-transformer" }>): MaskTransformerSizes {
  const { dim, classes, heads, decoderDim = dim, depth = 2, hiddenDim = 4 * decoderDim } = config;
  checkSizes({ heads, decoderDim, depth, hiddenDim });
  if (decoderDim % heads !== 0) {
    throw new Error(`initSegmenter(heads): expected a divisor of the width ${decoderDim}, got ${heads}. Choose a number of heads that divides it.`);
  }
  return { dim, classes, decoderDim, depth, hiddenDim };
}

function checkSizes(sizes: Record<string, number>): void {
  for (const [name, value] of Object.entries(sizes)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`initSegmenter(${name}): expected a whole number above 0, got ${value}. Correct the config.`);
    }
  }
}

function unknownKind({ kind }: { kind: unknown }, where: string): Error {
  return new Error(`${where}(config.kind): expected one of linear, mask-transformer, got ${JSON.stringify(kind)}. Use one of these kinds.`);
}
