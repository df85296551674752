import * as tf from "@tensorflow/tfjs-core";
import { decayAt, type DecayMask, decayMaskRange } from "./decay-mask.ts";
import { firstMoment, type MomentPrecision } from "./first-moment.ts";
import { type LeafState, type Optimizer, scaled, type Step } from "./optimizer.ts";
import { type Defaults, fraction, notNegative, oneOf, positive, type Ranges, settingsOf } from "./settings.ts";
import type { Slots } from "./slots.ts";

/** Settings of Adam; every one but the learning rate has a default. */
export type AdamOptions = {
  learningRate: number;
  /** Decay of the mean of gradients, in [0, 1); 0.9. */
  b1?: number;
  /** Decay of the mean of squared gradients, in [0, 1); 0.999. */
  b2?: number;
  /** Added to the root of the second moment; 1e-8. */
  epsilon?: number;
  /** Precision that the first moment keeps between steps; float32. */
  firstMoment?: MomentPrecision;
};

/** Settings of AdamW: those of Adam, and a decay that is no part of the gradient. */
export type AdamWOptions = AdamOptions & {
  /** 0 unless given: plain Adam. */
  weightDecay?: number;
  /** What the weight decay is multiplied by: the schedule alone (big_vision, the default) or schedule x learning rate (torch). */
  decayTimes?: "schedule" | "learningRate";
  /** Which leaves decay; "kernels". */
  decayMask?: DecayMask;
};

type Settings = Required<AdamWOptions>;

const adamDefaults: Defaults<AdamOptions> = { b1: 0.9, b2: 0.999, epsilon: 1e-8, firstMoment: "float32" };
const noDecay = { weightDecay: 0, decayTimes: "schedule", decayMask: "kernels" } as const;

const adamRanges: Ranges<AdamOptions> = {
  learningRate: positive,
  b1: fraction,
  b2: fraction,
  epsilon: notNegative,
  firstMoment: oneOf("float32", "bfloat16"),
};
const adamwRanges: Ranges<AdamWOptions> = {
  ...adamRanges,
  weightDecay: notNegative,
  decayTimes: oneOf("schedule", "learningRate"),
  decayMask: decayMaskRange,
};

/**
 * AdamW:
 *
 *     mu = b1 mu + (1 - b1) g                    g = gradient x gradientScale
 *     nu = b2 nu + (1 - b2) g^2
 *     u  = mu / (1 - b1^t) / (sqrt(nu / (1 - b2^t)) + epsilon)            t = count + 1
 *     param -= schedule (learningRate u + weightDecay param)              decayTimes "schedule"
 *     param -= schedule learningRate (u + weightDecay param)              decayTimes "learningRate"
 *
 * @throws where a setting is unknown or out of its range
 *
 * Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101); big_vision `optax.make`;
 * torch.optim.AdamW. Unlike optax, the bias corrections 1 - b^t are exact, not float32.
 */
export function adamw(options: AdamWOptions): Optimizer {
  return adamOf("adamw", settingsOf("adamw", options, { ...adamDefaults, ...noDecay }, adamwRanges));
}

/** Adam: `adamw` without decay. */
export function adam(options: AdamOptions): Optimizer {
  return adamOf("adam", { ...settingsOf("adam", options, adamDefaults, adamRanges), ...noDecay });
}

function adamOf(name: string, settings: Settings): Optimizer {
  return {
    name,
    learningRate: settings.learningRate,
    slots: (shape) => ({ mu: shape, nu: shape }),
    update: (leaf, step) => updateFused(settings, leaf, step) ?? updateComposed(settings, leaf, step),
  };
}

/** One pass over the leaf where the engine brings a kernel for it, in no memory but the results'. */
function updateFused(settings: Settings, leaf: LeafState, step: Step): { param: tf.Tensor; slots: Slots } | undefined {
  const { epsilon, learningRate, firstMoment } = settings;
  if (firstMoment !== "float32" || !tf.getKernel("FlexivitAdamw", tf.getBackend())) return undefined;
  // As the kernel sees them, so that its moments and our corrections speak of the same numbers.
  const [b1, b2] = [Math.fround(settings.b1), Math.fround(settings.b2)];
  const t = step.count + 1;
  const stepSize = (step.schedule * learningRate) / (1 - b1 ** t);
  const kept = 1 - step.schedule * decayOf(settings, leaf.path);
  const numbers = [b1, b2, epsilon, stepSize, 1 / (1 - b2 ** t), kept];
  const { gradientScale: factor = 1 } = step;
  const packed =
    typeof factor === "number"
      ? tf.tensor1d([...numbers, factor])
      : tf.concat([tf.tensor1d(numbers), tf.reshape(factor, [1])]);
  const inputs = { param: leaf.param, gradient: leaf.gradient, m: leaf.slots.mu, v: leaf.slots.nu, settings: packed };
  const outputs: tf.Tensor[] = tf.engine().runKernel("FlexivitAdamw", inputs, {});
  const [param, mu, nu] = outputs;
  return { param, slots: { mu, nu } };
}

/** Each stage is a tidy of its own, so that its temporaries are gone before the next: a leaf's work peaks at 6 of its size. */
function updateComposed(settings: Settings, leaf: LeafState, step: Step): { param: tf.Tensor; slots: Slots } {
  const gradient = scaled(leaf.gradient, step.gradientScale);
  const nu = secondMoment(settings, leaf.slots.nu, gradient);
  const { mu, kept } = firstMoment(leaf.slots.mu, gradient, settings.b1, settings.firstMoment);
  const direction = directionOf(settings, mu, nu, step.count + 1);
  const decay = decayOf(settings, leaf.path);
  const param = tf.tidy(() => {
    const change = decay === 0 ? direction : tf.add(direction, tf.mul(leaf.param, decay));
    return tf.sub(leaf.param, tf.mul(change, step.schedule));
  });
  return { param, slots: { mu: kept, nu } };
}

function secondMoment({ b2 }: Settings, old: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(old, b2), tf.mul(tf.square(gradient), 1 - b2)));
}

/** learningRate mu / (1 - b1^t) / (sqrt(nu / (1 - b2^t)) + epsilon) */
function directionOf({ b1, b2, epsilon, learningRate }: Settings, mu: tf.Tensor, nu: tf.Tensor, t: number): tf.Tensor {
  return tf.tidy(() => {
    const scale = tf.tidy(() => tf.add(tf.sqrt(tf.div(nu, 1 - b2 ** t)), epsilon));
    return tf.div(tf.mul(mu, learningRate / (1 - b1 ** t)), scale);
  });
}

/** What the schedule is multiplied by to give the part of a leaf that decays away. */
function decayOf(settings: Settings, path: string): number {
  const decay = decayAt(settings, path);
  return settings.decayTimes === "schedule" ? decay : decay * settings.learningRate;
}
