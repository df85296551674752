import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable, type Save } from "./differentiable.ts";
import { fused } from "./fused.ts";
import { asRows, sumRows } from "./rows.ts";

/**
 * Layer normalisation over the last axis: `(x - mean) / sqrt(variance + epsilon) * scale + bias`.
 *
 * @param x `[..., dim]`
 * @param scale `[dim]`
 * @param bias `[dim]`
 * @param epsilon added to the variance; 1e-6 in big_vision and timm, 1e-12 in Hugging Face ViT
 * @returns the shape of `x`
 * @throws where the axes do not fit
 * Source: Ba, Kiros, Hinton, "Layer normalization", arXiv 1607.06450, section 3; biased variance.
 */
export function layerNorm<T extends tf.Tensor>(x: T, scale: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number): T {
  const { dim } = axes(x, "layerNorm(x)", "... dim");
  axes(scale, "layerNorm(scale)", "dim", { dim });
  axes(bias, "layerNorm(bias)", "dim", { dim });
  return differentiable(
    [x, scale, bias],
    (save) => (forwardFused(x, scale, bias, epsilon, save) ?? forward(x, scale, bias, epsilon, save)) as T,
    (dy, saved) => backwardFused(dy, saved) ?? backward(dy, saved),
  );
}

function forward(x: tf.Tensor, scale: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number, save: Save): tf.Tensor {
  const rows = asRows(x);
  const mean = tf.mean(rows, 1, true);
  const centred = tf.sub(rows, mean);
  const inverseStd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
  save([x, scale, mean, inverseStd]);
  return tf.reshape(tf.add(tf.mul(tf.mul(centred, inverseStd), scale), bias), x.shape);
}

/** With `n` the normalised rows and `g = dy scale`: `dx = (g - mean(g) - n mean(g n)) / std`. */
function backward(dy: tf.Tensor, [x, scale, mean, inverseStd]: tf.Tensor[]): tf.Tensor[] {
  const dyRows = asRows(dy);
  const normalised = tf.mul(tf.sub(asRows(x!), mean!), inverseStd!);
  const g = tf.mul(dyRows, scale!);
  const along = tf.mean(tf.mul(g, normalised), 1, true);
  const centred = tf.sub(tf.sub(g, tf.mean(g, 1, true)), tf.mul(normalised, along));
  return [
    tf.reshape(tf.mul(centred, inverseStd!), x!.shape),
    sumRows(tf.mul(dyRows, normalised)),
    sumRows(dyRows),
  ];
}

/** The kernel returns the mean and the inverse standard deviation of each row beside the result. */
function forwardFused(x: tf.Tensor, scale: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number, save: Save) {
  const outputs = fused("FlexivitLayerNorm", { x, scale, bias }, { epsilon });
  if (!outputs) return undefined;
  const [y, mean, inverseStd] = outputs;
  save([x, scale, mean!, inverseStd!]);
  return y;
}

function backwardFused(dy: tf.Tensor, [x, scale, mean, inverseStd]: tf.Tensor[]) {
  return fused("FlexivitLayerNormGrad", { dy, x: x!, scale: scale!, mean: mean!, inverseStd: inverseStd! });
}
