import { attention, layerNorm, linear, mlp, residual, type LinearParams, type MlpParams } from "@flexivit/ops";
import { normal, ones, zeros, type InitTree } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";

/** `scale` [dim], `bias` [dim]. */
export type NormParams = { scale: tf.Tensor1D; bias: tf.Tensor1D };

/** A transformer block over tokens and class queries. */
export type MaskBlockParams = {
  attentionNorm: NormParams;
  attention: { query: LinearParams; key: LinearParams; value: LinearParams; output: LinearParams };
  mlpNorm: NormParams;
  mlp: MlpParams;
};

/** Weights of a mask transformer; with dim the width of the features and decoderDim its own. */
export type MaskTransformerParams = {
  /** `kernel` [dim, decoderDim]: features to the width of the decoder. */
  input: LinearParams;
  /** [classes, decoderDim]: one learned query per class. */
  queries: tf.Tensor2D;
  blocks: MaskBlockParams[];
  norm: NormParams;
  /** [decoderDim, decoderDim] each: to the space in which patches and classes are compared. */
  patchProjection: tf.Tensor2D;
  classProjection: tf.Tensor2D;
  /** `scale` [classes], `bias` [classes]: layer norm over the classes of each patch. */
  maskNorm: NormParams;
};

export type MaskTransformerSizes = { dim: number; classes: number; decoderDim: number; depth: number; hiddenDim: number };

/** Segmenter's blocks keep PyTorch's default. */
const layerNormEpsilon = 1e-5;

/** How the weights start. Source: Segmenter draws layers with 0.02, the two projections with 1 / sqrt(decoderDim). */
export function maskTransformerSpec({ dim, classes, decoderDim, depth, hiddenDim }: MaskTransformerSizes): InitTree<MaskTransformerParams> {
  const layer = (from: number, to: number): InitTree<LinearParams> => ({ kernel: normal([from, to], 0.02), bias: zeros([to]) });
  const norm = (width: number): InitTree<NormParams> => ({ scale: ones([width]), bias: zeros([width]) });
  const square = () => layer(decoderDim, decoderDim);
  const projection = () => normal([decoderDim, decoderDim], 1 / Math.sqrt(decoderDim));
  return {
    input: layer(dim, decoderDim),
    queries: normal([classes, decoderDim], 0.02),
    blocks: Array.from({ length: depth }, () => ({
      attentionNorm: norm(decoderDim),
      attention: { query: square(), key: square(), value: square(), output: square() },
      mlpNorm: norm(decoderDim),
      mlp: { hidden: layer(decoderDim, hiddenDim), output: layer(hiddenDim, decoderDim) },
    })),
    norm: norm(decoderDim),
    patchProjection: projection(),
    classProjection: projection(),
    maskNorm: norm(classes),
  };
}

/**
 * Class logits per patch: class queries go through blocks together with the tokens, then each patch is compared with each
 * class by the cosine of their projections; last a layer norm over the classes.
 *
 * @param tokens [batch, patches, dim]
 * @returns [batch, patches, classes]
 * Source: R. Strudel et al., "Segmenter", arXiv 2105.05633, section 3.2.
 */
export function maskTransformer(params: MaskTransformerParams, heads: number, tokens: tf.Tensor3D): tf.Tensor3D {
  const [batch, patches] = tokens.shape;
  const [classes, decoderDim] = params.queries.shape;
  const queries = tf.tile(tf.expandDims(params.queries, 0), [batch, 1, 1]);
  const start = tf.concat([linear(tokens, params.input.kernel, params.input.bias), queries], 1) as tf.Tensor3D;
  const mixed = normed(params.norm, params.blocks.reduce((x, block) => maskBlock(block, heads, x), start)); // [batch, patches + classes, decoderDim]
  const patchVectors = unit(linear(tf.slice(mixed, [0, 0, 0], [batch, patches, decoderDim]), params.patchProjection));
  const classVectors = unit(linear(tf.slice(mixed, [0, patches, 0], [batch, classes, decoderDim]), params.classProjection));
  return normed(params.maskNorm, tf.matMul(patchVectors, classVectors, false, true) as tf.Tensor3D);
}

function maskBlock(params: MaskBlockParams, heads: number, x: tf.Tensor3D): tf.Tensor3D {
  const { query, key, value, output } = params.attention;
  const n = normed(params.attentionNorm, x);
  const looked = attention(linear(n, query.kernel, query.bias), linear(n, key.kernel, key.bias), linear(n, value.kernel, value.bias), { heads });
  const mixed = residual(x, linear(looked, output.kernel, output.bias));
  return residual(mixed, mlp(params.mlp, normed(params.mlpNorm, mixed), "erf"));
}

function normed({ scale, bias }: NormParams, x: tf.Tensor3D): tf.Tensor3D {
  return layerNorm(x, scale, bias, layerNormEpsilon);
}

function unit(x: tf.Tensor3D): tf.Tensor3D {
  const tiny = 1e-12; // keeps value and gradient finite for a vector of zeros
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), tiny)));
}
