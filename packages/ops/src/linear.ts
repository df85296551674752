import * as tf from "@tensorflow/tfjs-core";
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
  checkLinear("linear", x.shape, kernel, bias);
  const shape = [...x.shape.slice(0, -1), kernel.shape[1]];
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

/** Throws unless the input `[..., in]`, `kernel [in, out]` and `bias [out]` fit together. */
export function checkLinear(name: string, input: number[], kernel: tf.Tensor, bias?: tf.Tensor): void {
  if (input.length === 0 || kernel.rank !== 2 || input.at(-1) !== kernel.shape[0])
    throw new Error(
      `${name}(kernel): expected [${input.at(-1)}, out] for an input [${input}], got [${kernel.shape}]. ` +
        "Pass a kernel whose first axis is the last axis of its input.",
    );
  if (bias && (bias.rank !== 1 || bias.shape[0] !== kernel.shape[1]))
    throw new Error(
      `${name}(bias): expected [${kernel.shape[1]}], got [${bias.shape}]. Pass one bias per column of the kernel.`,
    );
}
