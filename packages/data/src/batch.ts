import { random, type RandomStream } from "@flexivit/random";
import { chooseView, type ChooseView, type EvaluationFraming, type Framing } from "./framing.ts";
import { checkMix, mixBatch, type MixOptions } from "./mix-batch.ts";
import { oneHot } from "./mixup.ts";
import { normalise, type Normalisation } from "./normalisation.ts";
import { drawsAt } from "./order.ts";
import { prefetch } from "./prefetch.ts";
import { checkAugment, randAugment, type RandAugment } from "./rand-augment.ts";
import type { ImageSource } from "./source.ts";
import type { Size } from "./view.ts";

/** Pictures as a network takes them; `tf.tensor4d(batch.images, batch.shape)` makes the tensor. */
export type Batch = {
  /** [batch, height, width, channels] in [-1, 1], unless the options normalise otherwise */
  images: Float32Array;
  shape: [batch: number, height: number, width: number, channels: number];
  /** [batch], indices of the source's classes; -1 where the source has targets instead */
  labels: Int32Array;
  /** [batch, classes]: the labels as probabilities, or the source's targets; mixed where the images are mixed */
  targets: Float32Array;
  /** [batch], indices in the source */
  indices: Uint32Array;
};

export type BatchOptions = MixOptions & {
  seed: number;
  batchSize: number;
  /** Pixels of the square side, or height and width. */
  imageSize: number | Size;
  framing: Framing;
  /** Changes each picture after it is cut and mirrored, before any mixing. */
  augment?: RandAugment;
  /** Pixels in [-1, 1] unless given. */
  normalisation?: Normalisation;
};

/**
 * The batch of training step `step`, counted from 0.
 *
 * A function of the source, the options and the step alone: order, crops, flips and augmentations of a picture
 * belong to (seed, epoch, index), so they depend neither on the batch size nor on the image size; mixing belongs to
 * (seed, step). Epochs follow each other without a gap, each visits every picture once.
 */
export async function batchAt(source: ImageSource, step: number, options: BatchOptions): Promise<Batch> {
  const { seed, batchSize } = options;
  checkCount("batchAt(batchSize)", batchSize, 1);
  checkCount("batchAt(step)", step, 0);
  const size = sizeOf("batchAt(imageSize)", options.imageSize);
  checkMix(options);
  if (options.augment) checkAugment(options.augment);
  if (source.size === 0) throw new Error("batchAt(source): expected at least 1 picture, got 0. Check the folder or the subset.");
  const draws = drawsAt(source.size, seed, batchSize, step);
  const requests = draws.map(({ index, epoch }) => ({ index, stream: (purpose: Purpose) => random(seed, purpose, epoch, index) }));
  const batch = await readBatch(source, requests, size, options);
  mixBatch(batch, seed, step, options);
  return batch;
}

export type EvaluationOptions = {
  batchSize: number;
  imageSize: number | Size;
  framing: EvaluationFraming;
  /** Pixels in [-1, 1] unless given. */
  normalisation?: Normalisation;
  /** How many batches are prepared ahead, 2 by default. */
  ahead?: number;
};

/** All pictures of a source in order, each once; the last batch may be smaller. */
export function evaluationBatches(source: ImageSource, options: EvaluationOptions): AsyncGenerator<Batch, void, void> {
  const { batchSize, ahead } = options;
  checkCount("evaluationBatches(batchSize)", batchSize, 1);
  const size = sizeOf("evaluationBatches(imageSize)", options.imageSize);
  const make = (step: number): Promise<Batch> => {
    const length = Math.min(batchSize, source.size - step * batchSize);
    const requests = Array.from({ length }, (_, i) => ({ index: step * batchSize + i, stream: noDraws }));
    return readBatch(source, requests, size, options);
  };
  return prefetch(make, { from: 0, to: Math.ceil(source.size / batchSize), ahead });
}

function noDraws(): never {
  throw new Error("evaluationBatches(framing): expected a framing without draws. Use shorter-side, squash or centre-crop.");
}

type Purpose = "view" | "augment";

type Request = { index: number; stream: (purpose: Purpose) => RandomStream };

type ReadOptions = Pick<BatchOptions, "framing" | "augment" | "normalisation">;

async function readBatch(source: ImageSource, requests: readonly Request[], size: Size, { framing, augment, normalisation }: ReadOptions): Promise<Batch> {
  const [height, width] = size;
  const { channels, classes, targets } = source;
  const indices = Uint32Array.from(requests, ({ index }) => index);
  const change = augment && ((out: Uint8Array, stream: RandomStream) => out.set(randAugment(out, size, channels, augment, stream)));
  const pixels = await readPixels(source, requests, chooseView(framing, size), height * width * channels, change);
  const labels = Int32Array.from(indices, (index) => source.labels[index]);
  return {
    images: normalise(pixels, channels, normalisation),
    shape: [requests.length, height, width, channels],
    labels,
    targets: targets ? targetsAt(targets, indices, classes.length) : oneHot(labels, classes.length),
    indices,
  };
}

type ChangePixels = (out: Uint8Array, stream: RandomStream) => void;

async function readPixels(
  source: ImageSource,
  requests: readonly Request[],
  choose: ChooseView,
  length: number,
  change?: ChangePixels,
): Promise<Uint8Array> {
  const pixels = new Uint8Array(requests.length * length);
  const pending: Promise<void>[] = [];
  for (const [i, { index, stream }] of requests.entries()) {
    const out = pixels.subarray(i * length, (i + 1) * length);
    const done = source.read(index, { choose, stream: () => stream("view"), out });
    if (done) pending.push(change ? done.then(() => change(out, stream("augment"))) : done);
    else change?.(out, stream("augment"));
  }
  // All are awaited even where one fails, so that no read is under way once this function is done.
  const failed = (await Promise.allSettled(pending)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return pixels;
}

function targetsAt(targets: (index: number) => Float32Array, indices: Uint32Array, length: number): Float32Array {
  const out = new Float32Array(indices.length * length);
  for (const [row, index] of indices.entries()) out.set(targets(index), row * length);
  return out;
}

export function sizeOf(argument: string, imageSize: number | Size): Size {
  const size: Size = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  for (const side of size) checkCount(argument, side, 1);
  return size;
}

export function checkCount(argument: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`${argument}: expected a whole number from ${least} on, got ${value}. Correct the option.`);
  }
}
