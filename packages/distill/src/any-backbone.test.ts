/** Student and teacher that are no transformers, and not alike: all that they share is `Features`. */
import type { Features } from "@flexivit/features";
import { valueAndGradients } from "@flexivit/params";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { distillationLoss, featureLoss, resizeImages, tokenLoss } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const noise = <R extends tf.Rank>(shape: tf.ShapeMap[R], std: number, seed: number): tf.Tensor<R> => tf.randomNormal(shape, 0, std, "float32", seed);

/** Two convolutions: of 3 by 3 pixels, side by side, and of 3 by 1 cells of what they give. As products, which have gradients on every engine. */
function convolutional({ first, second }: { first: tf.Tensor2D; second: tf.Tensor2D }, images: tf.Tensor4D): Features {
  const [batch, height, width, channels] = images.shape;
  const [gridHeight, gridWidth, units] = [height / 3, width / 3, first.shape[1]];
  const tiles = tf.transpose(tf.reshape(images, [batch, gridHeight, 3, gridWidth, 3, channels]), [0, 1, 3, 2, 4, 5]);
  const map = tf.reshape(tf.relu(tf.matMul(tf.reshape(tiles, [-1, 9 * channels]), first)), [batch, gridHeight, gridWidth, units]);
  const padded = tf.pad(map, [[0, 0], [1, 1], [0, 0], [0, 0]]);
  const columns = tf.concat([0, 1, 2].map((row) => tf.slice(padded, [0, row, 0, 0], [batch, gridHeight, gridWidth, units])), 3);
  const tokens = tf.reshape<tf.Rank.R3>(tf.matMul(tf.reshape(columns, [-1, 3 * units]), second), [batch, gridHeight * gridWidth, second.shape[1]]);
  return { tokens, grid: { gridHeight, gridWidth }, pooled: tf.mean(tokens, 1), blocks: {} };
}

/** A network that mixes the means of 4 by 4 pixels, and then their channels. */
function mixing({ across, within }: { across: tf.Tensor2D; within: tf.Tensor2D }, images: tf.Tensor4D): Features {
  const cells = tf.avgPool(images, 4, 4, "valid");
  const [batch, gridHeight, gridWidth, channels] = cells.shape;
  const rows = tf.reshape(tf.transpose(cells, [0, 3, 1, 2]), [batch * channels, gridHeight * gridWidth]);
  const mixed = tf.transpose(tf.reshape(tf.tanh(tf.matMul(rows, across)), [batch, channels, gridHeight * gridWidth]), [0, 2, 1]);
  const tokens = tf.reshape<tf.Rank.R3>(tf.matMul(tf.reshape(mixed, [-1, channels]), within), [batch, gridHeight * gridWidth, within.shape[1]]);
  return { tokens, grid: { gridHeight, gridWidth }, pooled: tf.mean(tokens, 1), blocks: {} };
}

const student = () => ({
  first: noise<tf.Rank.R2>([18, 5], 0.3, 1),
  second: noise<tf.Rank.R2>([15, 6], 0.5, 2),
  head: noise<tf.Rank.R2>([6, 3], 0.5, 3),
  projection: noise<tf.Rank.R2>([6, 7], 0.5, 4),
});
const teacher = () => ({ across: noise<tf.Rank.R2>([20, 20], 0.5, 5), within: noise<tf.Rank.R2>([2, 7], 1, 6), head: noise<tf.Rank.R2>([7, 3], 2, 7) });
type Student = ReturnType<typeof student>;

/** The three losses together: the teacher sees 16 by 20 pixels as 4 x 5 tokens of 7, the student 12 by 15 as 4 x 5 of 6, or 9 by 12 as 3 x 4. */
function lossOf(own: Student, images: tf.Tensor4D, studentSizePx: readonly [number, number]): tf.Scalar {
  return tf.tidy(() => {
    const [theirs, ours] = [mixing(teacher(), images), convolutional(own, resizeImages(images, studentSizePx))];
    const projection = { kernel: own.projection, bias: tf.zeros<tf.Rank.R1>([7]) };
    const kl = distillationLoss(tf.matMul(ours.pooled, own.head), tf.matMul(theirs.pooled, teacher().head));
    return tf.addN([kl, featureLoss(ours, theirs, { projection }), tokenLoss(ours, theirs, { projection })]);
  });
}

test.each([[12, 15], [9, 12]] as const)("a convolutional student of %i x %i pixels learns a mixing teacher's answers, features and tokens: 60 steps halve the loss", (height, width) => {
  const images = noise<tf.Rank.R4>([11, 16, 20, 2], 1, 8);
  const before = lossOf(student(), images, [height, width]).dataSync()[0];
  let own = student();
  for (let step = 0; step < 60; step++) {
    const { gradients } = valueAndGradients((params: Student) => lossOf(params, images, [height, width]), own);
    const moved = (name: keyof Student): tf.Tensor => tf.sub(own[name], tf.mul(0.1, gradients[name]!));
    own = { first: moved("first"), second: moved("second"), head: moved("head"), projection: moved("projection") } as Student;
  }
  expect(lossOf(own, images, [height, width]).dataSync()[0]).toBeLessThan(before / 2);
});

test("every weight of the student is moved, and neither network leaves a tensor", () => {
  const [own, images] = [student(), noise<tf.Rank.R4>([3, 16, 20, 2], 1, 8)];
  const { gradients } = valueAndGradients((params: Student) => lossOf(params, images, [9, 12]), own);
  for (const name of Object.keys(own) as (keyof Student)[]) expect(tf.max(tf.abs(gradients[name]!)).dataSync()[0]).toBeGreaterThan(1e-4);
  expectNoLeak(() => lossOf(own, images, [9, 12]));
});

test("the same features under a token grid of another order are another target: 20 tokens read as 5 x 4 in place of 4 x 5", () => {
  const images = noise<tf.Rank.R4>([3, 16, 20, 2], 1, 8);
  const theirs = mixing(teacher(), images);
  const turned = { ...theirs, grid: { gridHeight: 5, gridWidth: 4 } };
  const ours = { ...theirs, tokens: tf.slice(theirs.tokens, [0, 0, 0], [-1, 12, -1]), grid: { gridHeight: 3, gridWidth: 4 } };
  const [straight, crossed] = [theirs, turned].map((target) => tokenLoss(ours, target).dataSync()[0]);
  expect(Math.abs(straight - crossed)).toBeGreaterThan(0.01 * straight);
  expectClose(tokenLoss(theirs, theirs), 0);
});
