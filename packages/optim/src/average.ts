import * as tf from "@tensorflow/tfjs-core";
import { type ParamTree, zipLeaves } from "@flexivit/params";

/**
 * The exponential moving average of parameters after one more step: average + (1 - decay) (params - average).
 *
 * TAKES the old average: its leaves are disposed one by one. Start it as `mapLeaves(params, (leaf) => tf.clone(leaf))`.
 *
 * @param decay in [0, 1]; 1 keeps the average as it is
 */
export function updateAverage<P extends ParamTree>(average: P, params: P, decay: number): P {
  if (!(decay >= 0 && decay <= 1)) {
    throw new Error(`updateAverage(decay): expected a number in [0, 1], got ${decay}. Use for example 0.999.`);
  }
  return zipLeaves([average, params], ([old, param]) => {
    const next = tf.tidy(() => tf.add(old, tf.mul(tf.sub(param, old), 1 - decay)));
    old.dispose();
    return next;
  });
}

/**
 * A decay that starts low, so that the first steps do not weigh on the average for long:
 * min(decay, (1 + count) / (10 + count)).
 *
 * @param count averages made before this one, from 0
 *
 * Source: TensorFlow `ExponentialMovingAverage(num_updates)`.
 */
export function warmAverageDecay(decay: number, count: number): number {
  return Math.min(decay, (1 + count) / (10 + count));
}
