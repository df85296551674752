import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

/**
 * Sum of two tensors of one shape, `x + branch`, or `x + factor * branch` with one factor per example, that keeps at
 * most the factors for the backward pass.
 *
 * `tf.add` keeps both of its inputs until the gradient is taken; over a deep network that is one activation per block.
 * Factors of 0 and `1 / keep` drop whole branches of examples (stochastic depth): the caller draws them.
 *
 * @param x `[batch, ...]`
 * @param branch the shape of `x`
 * @param factors `[batch]`, constants: no gradient flows to them; all 1 unless given
 * @throws where the shapes differ
 * Source: of the factors, Huang et al., "Deep networks with stochastic depth", arXiv 1603.09382; divided by the share
 * kept while training, as timm's `drop_path` does.
 */
export function residual<T extends tf.Tensor>(x: T, branch: tf.Tensor, factors?: tf.Tensor1D): T {
  if (x.shape.join() !== branch.shape.join())
    throw new Error(
      `residual(branch): expected the shape of x [${x.shape}], got [${branch.shape}]. Nothing is broadcast here; use tf.add for that.`,
    );
  if (factors && factors.shape.join() !== String(x.shape[0]))
    throw new Error(`residual(factors): expected shape [${x.shape[0]}], got [${factors.shape}]. Give one factor per example of x.`);
  return differentiable(
    [x, branch],
    (save) => {
      if (factors) save([factors]);
      return tf.add(x, factors ? scaled(branch, factors) : branch) as T;
    },
    (dy, [factors]) => [tf.clone(dy), factors ? scaled(dy, factors as tf.Tensor1D) : tf.clone(dy)],
  );
}

/** Each example of `x [batch, ...]` times its factor. */
function scaled(x: tf.Tensor, factors: tf.Tensor1D): tf.Tensor {
  return tf.mul(x, tf.reshape(factors, [-1, ...Array<number>(x.rank - 1).fill(1)]));
}
