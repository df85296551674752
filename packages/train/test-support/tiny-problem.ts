import { sgd } from "@flexivit/optim";
import { uniform } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import type { Losses, StepContext, TrainOptions } from "../src/index.ts";

/** `kernel` [6, 6], `bias` []. */
export type TinyParams = { kernel: tf.Tensor2D; bias: tf.Scalar };
export type TinyBatch = { images: tf.Tensor3D; targets: tf.Tensor1D };

const side = 6;
export const batchSize = 4;

/** Numbers in [0, 1) that look drawn. */
const noise = (length: number, shift: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => {
    const large = 43758.5453 * Math.sin(12.9898 * (i + 1) + 78.233 * shift);
    return large - Math.floor(large);
  });

export function tinyParams(): TinyParams {
  return { kernel: tf.tensor2d(noise(side * side, 0.5), [side, side]), bias: tf.scalar(0.25) };
}

/** Part `part` of `parts` of a batch of 4 pictures of 6x6; the target is 3 times a picture's mean. */
export function tinyBatch(step: number, part = 0, parts = 1): TinyBatch {
  const size = batchSize / parts;
  const pixels = noise(batchSize * side * side, step + 1).subarray(part * size * side * side, (part + 1) * size * side * side);
  return tf.tidy(() => {
    const images = tf.tensor3d(pixels, [size, side, side]);
    return { images, targets: tf.mul<tf.Tensor1D>(3, tf.mean(images, [1, 2])) };
  });
}

/** Linear regression on patches: the kernel is averaged down to the patch size; a kernel of 3 is right at every size. */
export function tinyLoss({ kernel, bias }: TinyParams, { images, targets }: TinyBatch, { scheme }: Pick<StepContext, "scheme">): Losses {
  const [height, width] = scheme.patchSize;
  const [rows, columns] = [side / height, side / width];
  const small = tf.mean(tf.reshape(kernel, [height, rows, width, columns]), [1, 3]);
  const tiles = tf.reshape(images, [-1, rows, height, columns, width]);
  const answers = tf.mean(tf.mul(tiles, tf.reshape(small, [1, 1, height, 1, width])), [1, 2, 3, 4]);
  const errors = tf.sub(tf.add(answers, bias), targets);
  const loss = tf.mean<tf.Scalar>(tf.square(errors));
  return { loss, largestError: tf.max(tf.abs(errors)) };
}

/** Options that train the tiny problem in milliseconds. */
export function tinyOptions(changes: Partial<TrainOptions<TinyParams, TinyBatch>> = {}): TrainOptions<TinyParams, TinyBatch> {
  return {
    init: tinyParams,
    loss: tinyLoss,
    batch: async (step) => tinyBatch(step),
    schemes: uniform([6, 3, [2, 3]]),
    optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
    schedule: { kind: "constant", totalSteps: 100 },
    steps: 7,
    seed: 11,
    ...changes,
  };
}

/** The bytes of every weight. */
export function bytesOf({ kernel, bias }: TinyParams): string {
  return [kernel, bias].map((tensor) => Buffer.from(new Uint8Array(tensor.dataSync<"float32">().slice().buffer)).toString("hex")).join(" ");
}
