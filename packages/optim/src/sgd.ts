import * as tf from "@tensorflow/tfjs-core";
import { decayAt, type DecayMask, decayMaskRange, withPenalty } from "./decay-mask.ts";
import { type Optimizer, scaled } from "./optimizer.ts";
import { fraction, notNegative, oneOf, positive, settingsOf } from "./settings.ts";
import type { Slots, SlotShapes } from "./slots.ts";

/** Settings of SGD; every one but the learning rate has a default. */
export type SgdOptions = {
  learningRate: number;
  /** In [0, 1); 0, the default, keeps nothing between steps. */
  momentum?: number;
  /** Looks ahead along the momentum; false. */
  nesterov?: boolean;
  /** Penalty that the gradient includes; 0. */
  weightDecay?: number;
  /** Which leaves the penalty is on; "kernels". */
  decayMask?: DecayMask;
};

/**
 * Stochastic gradient descent:
 *
 *     g = gradient x gradientScale + weightDecay param
 *     v = momentum v + g
 *     param -= schedule learningRate v                        with Nesterov: g + momentum v in place of v
 *
 * @throws where a setting is unknown or out of its range, or Nesterov has no momentum
 *
 * Source: torch.optim.SGD with dampening 0, which decays every leaf (`decayMask: "all"`).
 */
export function sgd(options: SgdOptions): Optimizer {
  const settings = settingsOf<SgdOptions>(
    "sgd",
    options,
    { momentum: 0, nesterov: false, weightDecay: 0, decayMask: "kernels" },
    { learningRate: positive, momentum: fraction, nesterov: oneOf(true, false), weightDecay: notNegative, decayMask: decayMaskRange },
  );
  const { learningRate, momentum, nesterov } = settings;
  if (nesterov && momentum === 0) throw new Error("sgd(nesterov): expected a momentum above 0 to look ahead along, got 0. Set momentum, such as 0.9, or leave nesterov out.");
  return {
    name: "sgd",
    learningRate,
    slots: (shape): SlotShapes => (momentum === 0 ? {} : { velocity: shape }),
    update: ({ path, param, gradient, slots }, { schedule, gradientScale }): { param: tf.Tensor; slots: Slots } => {
      const fresh = withPenalty(scaled(gradient, gradientScale), param, decayAt(settings, path));
      const descend = (along: tf.Tensor) => tf.tidy(() => tf.sub(param, tf.mul(along, schedule * learningRate)));
      if (momentum === 0) return { param: descend(fresh), slots: {} };
      const velocity = tf.tidy(() => tf.add(tf.mul(slots.velocity, momentum), fresh));
      const along = nesterov ? tf.tidy(() => tf.add(fresh, tf.mul(velocity, momentum))) : velocity;
      return { param: descend(along), slots: { velocity } };
    },
  };
}
