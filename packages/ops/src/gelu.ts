import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { fused } from "./fused.ts";

/** `erf`: the exact form (timm, Hugging Face). `tanh`: its approximation (big_vision, JAX). */
export type GeluForm = "erf" | "tanh";

const forms: readonly GeluForm[] = ["erf", "tanh"];

/**
 * Gaussian error linear unit: `x P(x)` with `P` the normal distribution function, exact or by its tanh approximation.
 *
 * `erf`: `x (1 + erf(x / sqrt 2)) / 2`; `tanh`: `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`.
 * The two differ by up to 5e-4, so the form is a property of a checkpoint.
 *
 * @param x any shape
 * @throws on an unknown form
 * Source: Hendrycks, Gimpel, "Gaussian error linear units", arXiv 1606.08415, section 2.
 */
export function gelu<T extends tf.Tensor>(x: T, form: GeluForm): T {
  checkForm("gelu", form);
  return differentiable(
    [x],
    (save) => {
      save([x]);
      return (fused("FlexivitGelu", { x }, { form })?.[0] ?? geluComposed(x, form)) as T;
    },
    (dy, [x]) => [fused("FlexivitGeluGrad", { dy, x: x! }, { form })?.[0] ?? tf.mul(dy, geluSlope(x!, form))],
  );
}

export function checkForm(name: string, form: GeluForm): void {
  if (!forms.includes(form))
    throw new Error(`${name}(form): expected one of ${forms.join(", ")}, got ${form}. Choose the form that the weights were trained with.`);
}

/** `P(x)`, the factor of `x` in the unit. */
function probability(x: tf.Tensor, form: GeluForm): tf.Tensor {
  const inner = form === "erf" ? tf.erf(tf.mul(x, Math.SQRT1_2)) : tf.tanh(tanhArgument(x));
  return tf.mul(tf.add(inner, 1), 0.5);
}

/** Derivative of the unit: `P(x) + x P'(x)`. */
export function geluSlope(x: tf.Tensor, form: GeluForm): tf.Tensor {
  const p = probability(x, form);
  return tf.add(p, tf.mul(x, form === "erf" ? normalDensity(x) : tanhDensity(x, p)));
}

export function geluComposed(x: tf.Tensor, form: GeluForm): tf.Tensor {
  return tf.mul(x, probability(x, form));
}

const slopeAtZero = Math.sqrt(2 / Math.PI);
/** Cubic coefficient of the approximation. Source: arXiv 1606.08415, section 2. */
const cubic = 0.044715;

function tanhArgument(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, slopeAtZero), tf.add(tf.mul(tf.square(x), cubic), 1));
}

/** `P'` of the tanh form: with `P = (1 + t) / 2`, `(1 - t^2) / 2 = 2 P (1 - P)`. */
function tanhDensity(x: tf.Tensor, p: tf.Tensor): tf.Tensor {
  const argumentSlope = tf.mul(tf.add(tf.mul(tf.square(x), 3 * cubic), 1), slopeAtZero);
  return tf.mul(tf.mul(tf.mul(p, 2), tf.sub(1, p)), argumentSlope);
}

function normalDensity(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
}
