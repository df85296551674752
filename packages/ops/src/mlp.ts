import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable } from "./differentiable.ts";
import { fused } from "./fused.ts";
import { checkForm, geluComposed, geluSlope, type GeluForm } from "./gelu.ts";
import { perceptronOutput, type PerceptronOptions } from "./perceptron-output.ts";
import { asRows, sumRows } from "./rows.ts";

/** Weights of an affine map: `kernel [in, out]`, `bias [out]`. */
export type LinearParams = { kernel: tf.Tensor2D; bias: tf.Tensor1D };

/** Weights of the block: `hidden` maps dim to hiddenDim, `output` maps back. */
export type MlpParams = { hidden: LinearParams; output: LinearParams };

/**
 * Two-layer perceptron of a transformer block: `gelu(x hidden) output`.
 *
 * Equal to `linear(gelu(linear(x, hidden), form), output)`, but keeps only `x` and the pre-activations for the
 * backward pass and takes the bias and the activation in one pass over memory.
 *
 * @param params `hidden.kernel [dim, hiddenDim]`, `output.kernel [hiddenDim, out]` and their biases
 * @param x `[..., dim]`
 * @param form form of the activation
 * @param options `gradientOnly`
 * @returns `[..., out]`
 * @throws where the axes do not fit
 */
export function mlp<T extends tf.Tensor>(params: MlpParams, x: T, form: GeluForm, options: PerceptronOptions = {}): T {
  const { hidden, output } = params;
  checkForm("mlp", form);
  const { dim } = axes(x, "mlp(x)", "... dim");
  const { hiddenDim } = axes(hidden.kernel, "mlp(hidden.kernel)", "dim hiddenDim", { dim });
  const { out } = axes(output.kernel, "mlp(output.kernel)", "hiddenDim out", { hiddenDim });
  axes(hidden.bias, "mlp(hidden.bias)", "hiddenDim", { hiddenDim });
  axes(output.bias, "mlp(output.bias)", "out", { out });
  const shape = [...x.shape.slice(0, -1), out];
  return differentiable(
    [x, hidden.kernel, hidden.bias, output.kernel, output.bias],
    (save) => {
      const product = tf.matMul<tf.Tensor2D>(asRows(x), hidden.kernel);
      save([x, hidden.kernel, hidden.bias, output.kernel, product]);
      return perceptronOutput<T>(() => biasGelu(product, hidden.bias, form), output, shape, options);
    },
    (dy, saved) => backward(asRows(dy), saved, form),
  );
}

function backward(dy: tf.Tensor2D, saved: tf.Tensor[], form: GeluForm): tf.Tensor[] {
  const [x, hiddenKernel, hiddenBias, outputKernel, product] = saved as [tf.Tensor, tf.Tensor2D, tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];
  const dActive = tf.matMul<tf.Tensor2D>(dy, outputKernel, false, true);
  const { active, dProduct, dBias } = biasGeluGrad(dActive, product, hiddenBias, form);
  const dOutputKernel = tf.matMul(active, dy, true, false);
  tf.dispose(active);
  const dx = tf.reshape(tf.matMul(dProduct, hiddenKernel, false, true), x.shape);
  return [dx, tf.matMul(asRows(x), dProduct, true, false), dBias, dOutputKernel, sumRows(dy)];
}

/** `gelu(product + bias)`; leaves `product` as it is. */
function biasGelu(product: tf.Tensor2D, bias: tf.Tensor1D, form: GeluForm): tf.Tensor2D {
  const [active] = fused("FlexivitBiasGelu", { x: product, bias }, { form }) ?? [geluComposed(tf.add(product, bias), form)];
  return active as tf.Tensor2D;
}

/** The activations again, and the gradients of the product and of the bias. */
function biasGeluGrad(dActive: tf.Tensor2D, product: tf.Tensor2D, bias: tf.Tensor1D, form: GeluForm) {
  const outputs = fused("FlexivitBiasGeluGrad", { dy: dActive, x: product, bias }, { form });
  if (outputs) {
    const [active, dProduct, dBias] = outputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    return { active, dProduct, dBias };
  }
  const hidden = tf.add(product, bias);
  const dProduct = tf.mul(dActive, geluSlope(hidden, form)) as tf.Tensor2D;
  return { active: geluComposed(hidden, form) as tf.Tensor2D, dProduct, dBias: sumRows(dProduct) };
}
