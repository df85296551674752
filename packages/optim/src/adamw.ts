import * as tf from "@tensorflow/tfjs-core";
import { roundBfloat16, toBfloat16 } from "./bfloat16.ts";
import { type LeafState, type Optimizer, scaled, type Slots, type Step } from "./optimizer.ts";

/** Settings of AdamW; every one but the learning rate has a default. */
export type AdamWOptions = {
  learningRate: number;
  /** Decay of the mean of gradients, in [0, 1); 0.9. */
  b1?: number;
  /** Decay of the mean of squared gradients, in [0, 1); 0.999. */
  b2?: number;
  /** Added to the root of the second moment; 1e-8. */
  epsilon?: number;
  /** 0: plain Adam. */
  weightDecay?: number;
  /** What the weight decay is multiplied by: the schedule alone (big_vision, the default) or schedule x learning rate (torch). */
  decayTimes?: "schedule" | "learningRate";
  /** Which leaves decay; those named `kernel`. */
  decayMask?: (path: string) => boolean;
  /** Precision that the first moment keeps between steps; float32. */
  firstMoment?: "float32" | "bfloat16";
};

type Settings = Required<AdamWOptions>;

/**
 * AdamW:
 *
 *     mu = b1 mu + (1 - b1) g                    g = gradient x gradientScale
 *     nu = b2 nu + (1 - b2) g^2
 *     u  = mu / (1 - b1^t) / (sqrt(nu / (1 - b2^t)) + epsilon)            t = count + 1
 *     param -= schedule (learningRate u + weightDecay param)              decayTimes "schedule"
 *     param -= schedule learningRate (u + weightDecay param)              decayTimes "learningRate"
 *
 * With a bfloat16 first moment, the decayed state bf16(bf16(b1) mu) enters the sum, the update uses the unrounded
 * sum, and what is kept is its rounding.
 *
 * @throws where a setting is out of its range
 *
 * Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (arXiv 1711.05101); big_vision `optax.make`;
 * torch.optim.AdamW. Unlike optax, the bias corrections 1 - b^t are exact, not float32.
 */
export function adamw(options: AdamWOptions): Optimizer {
  const settings: Settings = {
    b1: 0.9,
    b2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    decayTimes: "schedule",
    decayMask: (path) => /(^|\/)kernel$/.test(path),
    firstMoment: "float32",
    ...options,
  };
  requireSettings(settings);
  return {
    name: "adamw",
    learningRate: settings.learningRate,
    slots: (param) => ({ mu: tf.zerosLike(param), nu: tf.zerosLike(param) }),
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
  const { mu, kept } = firstMoment(settings, leaf.slots.mu, gradient);
  const direction = directionOf(settings, mu, nu, step.count + 1);
  const decay = decayOf(settings, leaf.path);
  const param = tf.tidy(() => {
    const change = decay === 0 ? direction : tf.add(direction, tf.mul(leaf.param, decay));
    return tf.sub(leaf.param, tf.mul(change, step.schedule));
  });
  return { param, slots: { mu: kept, nu } };
}

/** The first moment that the update uses, and what is kept of it. */
function firstMoment(
  { b1, firstMoment }: Settings,
  old: tf.Tensor,
  gradient: tf.Tensor,
): { mu: tf.Tensor; kept: tf.Tensor } {
  const rounded = firstMoment === "bfloat16";
  const mu = tf.tidy(() => {
    const decayed = rounded ? roundBfloat16(tf.mul(old, toBfloat16(b1))) : tf.mul(old, b1);
    return tf.add(decayed, tf.mul(gradient, 1 - b1));
  });
  return { mu, kept: rounded ? roundBfloat16(mu) : mu };
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
function decayOf({ weightDecay, decayTimes, decayMask, learningRate }: Settings, path: string): number {
  if (!decayMask(path)) return 0;
  return decayTimes === "schedule" ? weightDecay : weightDecay * learningRate;
}

function requireSettings({ learningRate, b1, b2, epsilon, weightDecay, decayTimes, firstMoment }: Settings): void {
  const refuse = (name: string, expected: string, got: unknown): Error =>
    new Error(`adamw(${name}): expected ${expected}, got ${String(got)}. Correct the setting.`);
  if (!(learningRate > 0) || learningRate === Infinity) throw refuse("learningRate", "a number above 0", learningRate);
  if (!(b1 >= 0 && b1 < 1)) throw refuse("b1", "a number in [0, 1)", b1);
  if (!(b2 >= 0 && b2 < 1)) throw refuse("b2", "a number in [0, 1)", b2);
  if (!(epsilon >= 0)) throw refuse("epsilon", "a number of at least 0", epsilon);
  if (!(weightDecay >= 0)) throw refuse("weightDecay", "a number of at least 0", weightDecay);
  if (!["schedule", "learningRate"].includes(decayTimes)) {
    throw refuse("decayTimes", '"schedule" or "learningRate"', JSON.stringify(decayTimes));
  }
  if (!["float32", "bfloat16"].includes(firstMoment)) {
    throw refuse("firstMoment", '"float32" or "bfloat16"', JSON.stringify(firstMoment));
  }
}
