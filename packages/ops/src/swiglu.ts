import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable } from "./differentiable.ts";
import { fused } from "./fused.ts";
import type { LinearParams } from "./mlp.ts";
import { perceptronOutput, type PerceptronOptions } from "./perceptron-output.ts";
import { asRows, sumRows } from "./rows.ts";

/** Weights of the block: `hidden` maps dim to the gates and then the values, hiddenDim of each; `output` maps their product back. */
export type SwigluParams = { hidden: LinearParams; output: LinearParams };

/**
 * Gated perceptron of a transformer block: `(silu(gates) * values) output` with `[gates, values] = x hidden`.
 *
 * `silu(g) = g / (1 + exp(-g))`. Keeps only `x` and the product before its bias for the backward pass.
 *
 * @param params `hidden.kernel [dim, 2 * hiddenDim]`, gates before values, `output.kernel [hiddenDim, out]` and their biases
 * @param x `[..., dim]`
 * @param options `gradientOnly`
 * @returns `[..., out]`
 * @throws where the axes do not fit
 * Source: Shazeer, "GLU variants improve transformer", arXiv 2002.05202, section 2; packed as timm's `SwiGLUPacked`,
 * whose `hidden_features` count gates and values together.
 */
export function swiglu<T extends tf.Tensor>(params: SwigluParams, x: T, options: PerceptronOptions = {}): T {
  const { hidden, output } = params;
  const { dim } = axes(x, "swiglu(x)", "... dim");
  const { hiddenDim, out } = axes(output.kernel, "swiglu(output.kernel)", "hiddenDim out");
  axes(hidden.kernel, "swiglu(hidden.kernel)", "dim gatesAndValues", { dim, gatesAndValues: 2 * hiddenDim });
  axes(hidden.bias, "swiglu(hidden.bias)", "gatesAndValues", { gatesAndValues: 2 * hiddenDim });
  axes(output.bias, "swiglu(output.bias)", "out", { out });
  const shape = [...x.shape.slice(0, -1), out];
  return differentiable(
    [x, hidden.kernel, hidden.bias, output.kernel, output.bias],
    (save) => {
      const product = tf.matMul<tf.Tensor2D>(asRows(x), hidden.kernel);
      save([x, hidden.kernel, hidden.bias, output.kernel, product]);
      return perceptronOutput<T>(() => biasGate(product, hidden.bias), output, shape, options);
    },
    (dy, saved) => backward(asRows(dy), saved),
  );
}

function backward(dy: tf.Tensor2D, saved: tf.Tensor[]): tf.Tensor[] {
  const [x, hiddenKernel, hiddenBias, outputKernel, product] = saved as [tf.Tensor, tf.Tensor2D, tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];
  const dActive = tf.matMul<tf.Tensor2D>(dy, outputKernel, false, true);
  const { active, dProduct, dBias } = biasGateGrad(dActive, product, hiddenBias);
  const dOutputKernel = tf.matMul(active, dy, true, false);
  tf.dispose(active);
  const dx = tf.reshape(tf.matMul(dProduct, hiddenKernel, false, true), x.shape);
  return [dx, tf.matMul(asRows(x), dProduct, true, false), dBias, dOutputKernel, sumRows(dy)];
}

/** `silu(gates) * values` with `[gates, values] = product + bias`; leaves `product` as it is. */
function biasGate(product: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const outputs = fused("FlexivitSwiglu", { x: product, bias });
  if (outputs) return outputs[0] as tf.Tensor2D;
  return tf.tidy(() => {
    const { gates, values } = unpack(tf.add(product, bias));
    return tf.mul<tf.Tensor2D>(tf.mul(gates, tf.sigmoid(gates)), values);
  });
}

/**
 * The gated values again, and the gradients of the product and of the bias. With `s = sigmoid(gates)` and `a = gates s`:
 * `dvalues = dActive a`, `dgates = dActive values (s + a (1 - s))`.
 */
function biasGateGrad(dActive: tf.Tensor2D, product: tf.Tensor2D, bias: tf.Tensor1D) {
  const outputs = fused("FlexivitSwigluGrad", { dy: dActive, x: product, bias });
  if (outputs) {
    const [active, dProduct, dBias] = outputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    return { active, dProduct, dBias };
  }
  return tf.tidy(() => {
    const { gates, values } = unpack(tf.add(product, bias));
    const s = tf.sigmoid(gates);
    const a = tf.mul<tf.Tensor2D>(gates, s);
    const slope = tf.add(s, tf.mul(a, tf.sub(1, s)));
    const dProduct = tf.concat2d([tf.mul(tf.mul(dActive, values), slope), tf.mul(dActive, a)], 1);
    return { active: tf.mul<tf.Tensor2D>(a, values), dProduct, dBias: sumRows(dProduct) };
  });
}

/** `[rows, 2 * hiddenDim]` to two of `[rows, hiddenDim]`. */
function unpack(packed: tf.Tensor2D): { gates: tf.Tensor2D; values: tf.Tensor2D } {
  const [gates, values] = tf.split(packed, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  return { gates, values };
}
