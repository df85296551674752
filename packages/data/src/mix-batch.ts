import { random } from "@flexivit/random";
import { cutBox, cutmix } from "./cutmix.ts";
import { mixup } from "./mixup.ts";

export type MixOptions = {
  /** Mixes neighbours of a batch by a weight from Beta(alpha, alpha), the larger of it and its complement. */
  mixup?: { alpha: number };
  /**
   * Puts a box of each picture's neighbour into it; the box leaves the picture a share from Beta(alpha, alpha).
   * `probability` is the share of batches that get it, 0.5 by default beside `mixup`, 1 without; the others are
   * mixed as `mixup` says.
   */
  cutmix?: { alpha: number; probability?: number };
};

/** Pictures [batch, height, width, channels] and their targets [batch, classes]. */
type Mixable = { images: Float32Array; shape: readonly [batch: number, height: number, width: number, channels: number]; targets: Float32Array };

/** Mixes the pictures of a training step and their targets in place. Each draw belongs to (seed, step). */
export function mixBatch(batch: Mixable, seed: number, step: number, options: MixOptions): void {
  const { images, shape, targets } = batch;
  if (options.cutmix && takesCutmix(options, seed, step)) {
    mixup(targets, shape[0], cutBoxes(batch, seed, step, options.cutmix.alpha));
  } else if (options.mixup) {
    const drawn = random(seed, "mixup", step).beta(options.mixup.alpha, options.mixup.alpha);
    // Above a half, so that a row's own label stays the first of its targets. Source: big_vision.
    const weight = Math.max(drawn, 1 - drawn);
    mixup(images, shape[0], weight);
    mixup(targets, shape[0], weight);
  }
}

/** timm's `switch_prob` is 0.5, too. */
function takesCutmix(options: MixOptions, seed: number, step: number): boolean {
  const probability = options.cutmix?.probability ?? (options.mixup ? 0.5 : 1);
  return random(seed, "cutmix or mixup", step).uniform() < probability;
}

function cutBoxes({ images, shape }: Mixable, seed: number, step: number, alpha: number): number {
  const stream = random(seed, "cutmix", step);
  const share = 1 - stream.beta(alpha, alpha);
  return cutmix(images, shape, cutBox([shape[1], shape[2]], share, { row: stream.uniform(), column: stream.uniform() }));
}

/** @throws where the probability of cutmix is none */
export function checkMix({ cutmix }: MixOptions): void {
  const probability = cutmix?.probability ?? 1;
  if (!(probability >= 0 && probability <= 1)) {
    throw new Error(`batchAt(cutmix.probability): expected 0..1, got ${probability}. Leave it out for 0.5 beside mixup and 1 without.`);
  }
}
