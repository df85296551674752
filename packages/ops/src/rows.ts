import * as tf from "@tensorflow/tfjs-core";
import { fused } from "./fused.ts";

/** Views `[..., columns]` as `[rows, columns]`. */
export function asRows(x: tf.Tensor): tf.Tensor2D {
  const columns = x.shape.at(-1)!;
  return tf.reshape(x, [x.size / Math.max(columns, 1), columns]);
}

/** Sum over rows: `[rows, columns]` to `[columns]`, the gradient of anything broadcast over rows. */
export function sumRows(x: tf.Tensor2D): tf.Tensor1D {
  const [sum] = fused("FlexivitColumnSum", { x }) ?? [tf.sum(x, 0)];
  return sum as tf.Tensor1D;
}

/** `x + bias` for an `x` that this call may overwrite: it has just been made and nothing else reads it. */
export function addBiasInPlace(x: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const [sum] = fused("FlexivitAddBias", { x, bias }) ?? [tf.add(x, bias)];
  return sum as tf.Tensor2D;
}
