import * as tf from "@tensorflow/tfjs-core";
import { decayAt, type DecayMask, decayMaskRange } from "./decay-mask.ts";
import { divideByRoot, secondMomentShapes } from "./factored-moment.ts";
import { firstMoment, type MomentPrecision } from "./first-moment.ts";
import { type LeafState, type Optimizer, scaled, type Step } from "./optimizer.ts";
import { count, type Defaults, fraction, fractionOrOne, notNegative, oneOf, positive, type Ranges, settingsOf } from "./settings.ts";
import type { Slots } from "./slots.ts";

/** Settings of Adafactor; every one but the learning rate has a default, big_vision's. In brackets: optax's. */
export type AdafactorOptions = {
  learningRate: number;
  /** Second moments are factored where the two longest axes have at least this length; 32 (128). */
  minLengthToFactor?: number;
  /** The second moment decays by 1 - t^-decayPower at update t, in (0, 1]; 0.8. */
  decayPower?: number;
  /** Largest decay of the second moment, in (0, 1]; 0.999 (1). */
  b2Cap?: number;
  /** Added to squared gradients; 1e-30. */
  epsilon?: number;
  /** Largest root mean square of a leaf's direction; 0, the default, clips nothing (1). */
  clipRms?: number;
  /** Multiplies a leaf's direction by the root mean square of the leaf, at least 1e-3; false (true). */
  scaleByParam?: boolean;
  /** Decay of the mean of directions, in [0, 1); 0.9. 0 keeps none (0). */
  momentum?: number;
  /** Precision that the mean of directions keeps between steps; float32. big_vision's is bfloat16. */
  firstMoment?: MomentPrecision;
  /** Decay that is no part of the gradient; 0. */
  weightDecay?: number;
  /** What the weight decay is multiplied by: the schedule alone (the default) or schedule x learning rate. */
  decayTimes?: "schedule" | "learningRate";
  /** Which leaves decay; "kernels". */
  decayMask?: DecayMask;
};

type Settings = Required<AdafactorOptions>;

const defaults: Defaults<AdafactorOptions> = {
  minLengthToFactor: 32,
  decayPower: 0.8,
  b2Cap: 0.999,
  epsilon: 1e-30,
  clipRms: 0,
  scaleByParam: false,
  momentum: 0.9,
  firstMoment: "float32",
  weightDecay: 0,
  decayTimes: "schedule",
  decayMask: "kernels",
};

const ranges: Ranges<AdafactorOptions> = {
  learningRate: positive,
  minLengthToFactor: count,
  decayPower: fractionOrOne,
  b2Cap: fractionOrOne,
  epsilon: positive,
  clipRms: notNegative,
  scaleByParam: oneOf(true, false),
  momentum: fraction,
  firstMoment: oneOf("float32", "bfloat16"),
  weightDecay: notNegative,
  decayTimes: oneOf("schedule", "learningRate"),
  decayMask: decayMaskRange,
};

/**
 * Adafactor, whose second moment of a matrix is kept as one row and one column:
 *
 *     decay = min(b2Cap, 1 - t^-decayPower)                   t = count + 1
 *     u  = gradient / sqrt(nu)                                nu follows gradient^2 + epsilon with this decay
 *     u /= max(1, rms(u) / clipRms)
 *     u *= max(1e-3, rms(param))                              with scaleByParam
 *     mu = momentum mu + (1 - momentum) u
 *     param -= schedule (learningRate mu + weightDecay param)
 *
 * The two longest axes of a leaf are factored, the later ones where lengths are equal; further axes stay apart, so a
 * patch kernel [32, 32, 3, 768] keeps [32, 32, 3] and [32, 3, 768]. Clipping gradients by their norm changes little
 * here: u has its size from the quotient.
 *
 * @throws where a setting is unknown or out of its range
 *
 * Source: Shazeer & Stern, "Adafactor" (arXiv 1804.04235); Zhai et al., "Scaling Vision Transformers" (arXiv
 * 2106.04560); big_vision `scale_by_adafactor`; optax `adafactor`, whose momentum is over learningRate x u: the same
 * under a constant schedule. Attention kernels are matrices here and [dim, heads, headDim] in big_vision, which
 * factors them over other axes.
 */
export function adafactor(options: AdafactorOptions): Optimizer {
  const settings = settingsOf<AdafactorOptions>("adafactor", options, defaults, ranges);
  const { learningRate, minLengthToFactor, momentum } = settings;
  return {
    name: "adafactor",
    learningRate,
    slots: (shape) => ({ ...secondMomentShapes(shape, minLengthToFactor), ...(momentum === 0 ? {} : { mu: shape }) }),
    update: (leaf, step) => update(settings, leaf, step),
  };
}

function update(settings: Settings, leaf: LeafState, step: Step): { param: tf.Tensor; slots: Slots } {
  const { epsilon, momentum, learningRate, minLengthToFactor: minLength } = settings;
  const decay = Math.min(settings.b2Cap, 1 - (step.count + 1) ** -settings.decayPower);
  const { direction, slots } = tf.tidy(() => {
    const divided = divideByRoot(scaled(leaf.gradient, step.gradientScale), leaf.slots, { decay, epsilon, minLength });
    return { ...divided, direction: resized(settings, divided.direction, leaf.param) };
  });
  const { mu, kept } = momentum === 0 ? { mu: direction } : firstMoment(leaf.slots.mu, direction, momentum, settings.firstMoment);
  const decayed = decayAt(settings, leaf.path) * (settings.decayTimes === "schedule" ? 1 : learningRate);
  const param = tf.tidy(() => {
    const rest = decayed === 0 ? leaf.param : tf.mul(leaf.param, 1 - step.schedule * decayed);
    return tf.sub(rest, tf.mul(mu, step.schedule * learningRate));
  });
  return { param, slots: kept ? { ...slots, mu: kept } : slots };
}

/** A leaf's direction, clipped and in proportion to the leaf, as the settings say. */
function resized({ clipRms, scaleByParam }: Settings, direction: tf.Tensor, param: tf.Tensor): tf.Tensor {
  if (clipRms === 0 && !scaleByParam) return direction;
  return tf.tidy(() => {
    const clipped = clipRms === 0 ? 1 : tf.maximum(1, tf.div(rms(direction), clipRms));
    // 1e-3 from optax `scale_by_param_block_rms`: leaves that start at zero must be able to leave it.
    const size = scaleByParam ? tf.maximum(1e-3, rms(param)) : 1;
    return tf.mul(direction, tf.div(size, clipped));
  });
}

/** The root mean square. */
function rms(values: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.sqrt(tf.mean(tf.square(values))));
}
