import * as tf from "@tensorflow/tfjs-core";
import { axes } from "@flexivit/axes";
import { differentiable } from "./differentiable.ts";
import { addBiasInPlace, asRows, sumRows } from "./rows.ts";

/**
 * Affine map of the last axis: `x kernel + bias`.
 *
 * @param x `[..., in]`
 * @param kernel `[in, out]`
 * @param bias `[out]`
 * @returns `[..., out]`
 * @throws where the axes do not fit
 */
export function linear<T extends tf.Tensor>(x: T, kernel: tf.Tensor2D, bias?: tf.Tensor1D): T {
  const { in: width } = axes(x, "linear(x)", "... in");
  const { out } = axes(kernel, "linear(kernel)", "in out", { in: width });
  if (bias) axes(bias, "linear(bias)", "out", { out });
  const shape = [...x.shape.slice(0, -1), out];
  return differentiable(
    bias ? [x, kernel, bias] : [x, kernel],
    (save) => {
      save([x, kernel]);
      const product = tf.matMul<tf.Tensor2D>(asRows(x), kernel);
      return tf.reshape(bias ? addBiasInPlace(product, bias) : product, shape) as T;
    },
    (dy, [x, kernel]) => {
      const rows = asRows(dy);
      const dx = tf.reshape(tf.matMul(rows, kernel as tf.Tensor2D, false, true), x!.shape);
      const dKernel = tf.matMul(asRows(x!), rows, true, false);
      return bias ? [dx, dKernel, sumRows(rows)] : [dx, dKernel];
    },
  );
}
