import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

/**
 * Sum of two tensors of one shape, `x + branch`, that keeps nothing for the backward pass.
 *
 * `tf.add` keeps both of its inputs until the gradient is taken; over a deep network that is one activation per block.
 *
 * @param x any shape
 * @param branch the shape of `x`
 * @throws where the shapes differ
 */
export function residual<T extends tf.Tensor>(x: T, branch: tf.Tensor): T {
  if (x.shape.join() !== branch.shape.join())
    throw new Error(
      `residual(branch): expected the shape of x [${x.shape}], got [${branch.shape}]. Nothing is broadcast here; use tf.add for that.`,
    );
  return differentiable(
    [x, branch],
    () => tf.add(x, branch) as T,
    (dy) => [tf.clone(dy), tf.clone(dy)],
  );
}
