import * as tf from "@tensorflow/tfjs-core";
import { leaves, type ParamTree } from "@flexivit/params";

/** The square root of the sum of squares over all leaves. A norm that is not finite is returned as it is. */
export function globalNorm(tree: ParamTree): tf.Scalar {
  return tf.tidy(() => {
    const squares = leaves(tree).map(({ tensor }) => sumOfSquares(tensor));
    return tf.sqrt(squares.length === 0 ? tf.scalar(0) : tf.addN(squares)) as tf.Scalar;
  });
}

/**
 * The norm of all gradients together, and the factor that brings it down to `maxNorm`: 1 where it is below.
 *
 * Multiplies nothing: hand `scale` to the update as `gradientScale`, so that no second set of gradients is made.
 * Gradients that are not finite give a norm and a factor that are not finite, never a quiet clip: look at the norm.
 *
 * Source: optax `clip_by_global_norm`; torch adds 1e-6 to the norm, which differs by that much.
 */
export function clipByGlobalNorm(gradients: ParamTree, maxNorm: number): { norm: tf.Scalar; scale: tf.Scalar } {
  if (!(maxNorm > 0)) {
    throw new Error(`clipByGlobalNorm(maxNorm): expected a number above 0, got ${maxNorm}. Leave clipping out instead.`);
  }
  const norm = globalNorm(gradients);
  const scale = tf.tidy(() => tf.where(tf.less(norm, maxNorm), tf.onesLike(norm), tf.div(maxNorm, norm)) as tf.Scalar);
  return { norm, scale };
}

/** In one pass where the engine brings a kernel for it; else one leaf's squares are held at a time. */
function sumOfSquares(tensor: tf.Tensor): tf.Scalar {
  if (tf.getKernel("FlexivitSumOfSquares", tf.getBackend())) {
    const [sum]: tf.Scalar[] = tf.engine().runKernel("FlexivitSumOfSquares", { x: tensor }, {});
    return sum;
  }
  return tf.tidy(() => tf.sum(tf.square(tensor)));
}
