import * as tf from "@tensorflow/tfjs-core";
import { decayAt, type DecayMask, decayMaskRange, withPenalty } from "./decay-mask.ts";
import { type LeafState, type Optimizer, scaled, type Step } from "./optimizer.ts";
import { type Defaults, fraction, notNegative, oneOf, positive, type Ranges, settingsOf } from "./settings.ts";
import type { Slots } from "./slots.ts";

/** Settings of RMSProp; every one but the learning rate has a default. */
export type RmspropOptions = {
  learningRate: number;
  /** Decay of the mean of squared gradients, in [0, 1); 0.99. */
  b2?: number;
  /** Added to the root; 1e-8. */
  epsilon?: number;
  /** In [0, 1); 0, the default, keeps no velocity. */
  momentum?: number;
  /** Divides by the spread of the gradients about their mean, not by their size; false. */
  centered?: boolean;
  /** Penalty that the gradient includes; 0. */
  weightDecay?: number;
  /** Which leaves the penalty is on; "kernels". */
  decayMask?: DecayMask;
};

type Settings = Required<RmspropOptions>;

const defaults: Defaults<RmspropOptions> = {
  b2: 0.99,
  epsilon: 1e-8,
  momentum: 0,
  centered: false,
  weightDecay: 0,
  decayMask: "kernels",
};

const ranges: Ranges<RmspropOptions> = {
  learningRate: positive,
  b2: fraction,
  epsilon: notNegative,
  momentum: fraction,
  centered: oneOf(true, false),
  weightDecay: notNegative,
  decayMask: decayMaskRange,
};

/**
 * RMSProp:
 *
 *     g  = gradient x gradientScale + weightDecay param
 *     nu = b2 nu + (1 - b2) g^2
 *     mu = b2 mu + (1 - b2) g                                 only centered
 *     v  = momentum v + g / (sqrt(nu - mu^2) + epsilon)       sqrt(nu) unless centered
 *     param -= schedule learningRate v
 *
 * @throws where a setting is unknown or out of its range
 *
 * Source: torch.optim.RMSprop, which decays every leaf (`decayMask: "all"`). Unlike there, a variance nu - mu^2 that
 * rounding makes negative counts as 0; torch's is not a number then.
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  const settings = settingsOf<RmspropOptions>("rmsprop", options, defaults, ranges);
  return {
    name: "rmsprop",
    learningRate: settings.learningRate,
    slots: (shape) => ({
      nu: shape,
      ...(settings.centered ? { mu: shape } : {}),
      ...(settings.momentum === 0 ? {} : { velocity: shape }),
    }),
    update: (leaf, step) => update(settings, leaf, step),
  };
}

/** Each stage is a tidy of its own, so that its temporaries are gone before the next. */
function update(settings: Settings, leaf: LeafState, step: Step): { param: tf.Tensor; slots: Slots } {
  const { b2, epsilon, momentum, centered, learningRate } = settings;
  const { path, param, slots } = leaf;
  const gradient = withPenalty(scaled(leaf.gradient, step.gradientScale), param, decayAt(settings, path));
  const nu = tf.tidy(() => tf.add(tf.mul(slots.nu, b2), tf.mul(tf.square(gradient), 1 - b2)));
  const mu = centered ? tf.tidy(() => tf.add(tf.mul(slots.mu, b2), tf.mul(gradient, 1 - b2))) : undefined;
  const direction = tf.tidy(() => {
    const variance = mu ? tf.relu(tf.sub(nu, tf.square(mu))) : nu;
    return tf.div(gradient, tf.add(tf.sqrt(variance), epsilon));
  });
  const velocity = momentum === 0 ? direction : tf.tidy(() => tf.add(tf.mul(slots.velocity, momentum), direction));
  return {
    param: tf.tidy(() => tf.sub(param, tf.mul(velocity, step.schedule * learningRate))),
    slots: { nu, ...(mu ? { mu } : {}), ...(momentum === 0 ? {} : { velocity }) },
  };
}
