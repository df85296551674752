import * as tf from "@tensorflow/tfjs-core";
import { type Optimizer, scaled, type Slots } from "./optimizer.ts";

/** Settings of SGD. `momentum` in [0, 1); 0 keeps nothing between steps. */
export type SgdOptions = { learningRate: number; momentum?: number };

/**
 * Stochastic gradient descent: v = momentum v + gradient x gradientScale; param -= schedule learningRate v.
 *
 * Source: torch.optim.SGD with dampening 0.
 */
export function sgd({ learningRate, momentum = 0 }: SgdOptions): Optimizer {
  if (!(learningRate > 0) || learningRate === Infinity) {
    throw new Error(`sgd(learningRate): expected a number above 0, got ${learningRate}. Correct the setting.`);
  }
  if (!(momentum >= 0 && momentum < 1)) {
    throw new Error(`sgd(momentum): expected a number in [0, 1), got ${momentum}. Correct the setting.`);
  }
  return {
    name: "sgd",
    learningRate,
    slots: (param): Slots => (momentum === 0 ? {} : { velocity: tf.zerosLike(param) }),
    update: ({ param, gradient, slots }, { schedule, gradientScale }) => {
      const fresh = scaled(gradient, gradientScale);
      const velocity = momentum === 0 ? fresh : tf.add(tf.mul(slots.velocity, momentum), fresh);
      const kept: Slots = momentum === 0 ? {} : { velocity };
      return { param: tf.sub(param, tf.mul(velocity, schedule * learningRate)), slots: kept };
    },
  };
}
