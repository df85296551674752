import { countParams, leaves } from "@flexivit/params";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { shapesOf } from "./check-params.ts";
import { vitConfig, type Embedder, type VitConfig, type VitVariant } from "./config.ts";
import { initVit } from "./params.ts";
import { vitSpec } from "./spec.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const config = vitConfig({ dim: 40, depth: 2, hiddenDim: 70, heads: 5 }, { patchSize: [6, 9], positionGrid: [7, 11], pooling: "tok" });

const rms = (tensor: tf.Tensor): number => Math.sqrt(tf.mean(tf.square(tensor)).dataSync()[0]);
const largest = (tensor: tf.Tensor): number => tf.max(tf.abs(tensor)).dataSync()[0];

test("the same seed gives the same weights, another seed others; no two drawn weights start alike", () => {
  const [one, same, other] = [initVit(config, 3), initVit(config, 3), initVit(config, 4)].map(leaves);
  for (const [index, { tensor }] of one.entries()) expectClose(same[index].tensor, tensor);
  const drawn = one.filter(({ path }) => /kernel$|positions.grid$|mlp\/.*bias$/.test(path));
  expect(drawn).toHaveLength(1 + 1 + 2 * (4 + 2 + 2));
  const firsts = [...drawn, ...other.filter(({ path }) => drawn.some((each) => each.path === path))].map(({ tensor }) => tensor.dataSync()[0]);
  expect(new Set(firsts).size).toBe(2 * drawn.length);
});

// n draws have the root mean square of their distribution within 4 / sqrt(2 n): below 7 % from 1,600 draws on.
test("standard deviations: patch kernel 1 / sqrt(inputs), projections sqrt(2 / (inputs + outputs)), positions 1 / sqrt(dim)", () => {
  const { patchEmbedding, positions, blocks } = initVit(config, 5);
  const near = (tensor: tf.Tensor, std: number) => expect(Math.abs(rms(tensor) / std - 1)).toBeLessThan(0.07);
  near(patchEmbedding.kernel, 1 / Math.sqrt(6 * 9 * 3));
  near((positions as { grid: tf.Tensor3D }).grid, 1 / Math.sqrt(40));
  for (const { attention, mlp } of blocks) {
    for (const { kernel } of Object.values(attention)) near(kernel, Math.sqrt(2 / 80));
    for (const { kernel } of Object.values(mlp)) near(kernel, Math.sqrt(2 / 110));
    expect(largest(mlp.hidden.kernel)).toBeLessThanOrEqual(Math.sqrt(6 / 110)); // uniform: there is a bound
  }
});

test("biases of the MLP are about 1e-6, scales one, everything else zero", () => {
  const { patchEmbedding, classToken, blocks, norm } = initVit(config, 6);
  for (const { attention, attentionNorm, mlpNorm, mlp } of blocks) {
    for (const { bias } of Object.values(mlp)) expect(Math.abs(rms(bias) / 1e-6 - 1)).toBeLessThan(0.5); // 4 / sqrt(2 * 40)
    for (const { bias } of Object.values(attention)) expectClose(bias, tf.zeros([40]));
    for (const { scale } of [attentionNorm, mlpNorm, norm]) expectClose(scale, tf.ones([40]));
    for (const { bias } of [attentionNorm, mlpNorm, norm]) expectClose(bias, tf.zeros([40]));
  }
  expectClose(patchEmbedding.bias, tf.zeros([40]));
  expectClose(classToken!, tf.zeros([1, 40]));
  expect(initVit({ ...config, pooling: "gap", classToken: undefined }, 6).classToken).toBeUndefined();
});

/** Numbers in the weights of a config, without making them. */
const countSpec = (of: VitConfig): number => [...shapesOf(vitSpec(of)).values()].reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0);

// The published models: 224 px, class token with a position of its own, 1000 classes.
test.each<[VitVariant, number, number]>([
  ["Ti", 16, 5_717_416],
  ["S", 16, 22_050_664],
  ["B", 16, 86_567_656],
  ["L", 16, 304_326_632],
  ["H", 14, 632_045_800],
])("ViT-%s/%i with a head of 1000 classes has the published %i parameters", (variant, patchSize, published) => {
  const grid = 224 / patchSize;
  const classToken = { value: "learned", at: "first", position: true } as const;
  const of = vitConfig(variant, { patchSize: [patchSize, patchSize], positionGrid: [grid, grid], pooling: "tok", classToken });
  const head = of.dim * 1000 + 1000;
  expect(countSpec(of) + head).toBe(published);
});

test("ViT-So400m/14 at 224 px with pooling by attention has the published 428 million parameters", () => {
  const of = vitConfig("So400m", { patchSize: [14, 14], positionGrid: [16, 16], pooling: "map" });
  expect(Math.round(countSpec(of) / 1e6)).toBe(428); // of SigLIP's image tower, arXiv 2303.15343
});

test("what initVit makes is what its plan says, in float32", () => {
  const params = initVit(config, 7);
  expect(countParams(params)).toBe(countSpec(config));
  expect(new Set(leaves(params).map(({ tensor }) => tensor.dtype))).toEqual(new Set(["float32"]));
  expect(params.patchEmbedding.kernel.shape).toEqual([6, 9, 3, 40]);
  expect((params.positions as { grid: tf.Tensor3D }).grid.shape).toEqual([7, 11, 40]);
  expect(params.blocks[1].mlp.hidden.kernel.shape).toEqual([40, 70]);
});

/** Weights that the embedder of a config has. */
const embedderSize = (embedder: Embedder): number => countParams(initVit({ ...config, patchSize: [4, 8], embedder }, 9).patchEmbedding);

test("embedders have the weights that their kinds need, by hand: patches of 4x8 pixels, 3 channels, 40 outputs, a grid of 7x11", () => {
  expect(embedderSize({ kind: "linear" })).toBe(96 * 40 + 40);
  expect(embedderSize({ kind: "linear", perPosition: true })).toBe(77 * 96 * 40 + 40);
  expect(embedderSize({ kind: "mlp", hiddenDim: 9 })).toBe(96 * 9 + 9 + 9 * 40 + 40);
  expect(embedderSize({ kind: "attention", heads: 4 })).toBe(96 * 40 + 40 + 4 * (40 * 40 + 40));
  expect(embedderSize({ kind: "tile-cnn", channels: 5 })).toBe(27 * 5 + 5 + 160 * 40 + 40);
  // A stage: convolution and norm. Behind two of them a patch is 1x2 cells of 7 channels.
  const stages = 27 * 5 + 5 + 2 * 5 + (45 * 7 + 7 + 2 * 7);
  expect(embedderSize({ kind: "conv-stem", channels: [5, 7] })).toBe(stages + 14 * 40 + 40);
  const residual = (channels: number) => 2 * (9 * channels ** 2 + channels + 2 * channels);
  expect(embedderSize({ kind: "hybrid", stages: [{ channels: 5, blocks: 2 }, { channels: 7, blocks: 1 }] })).toBe(stages + 2 * residual(5) + residual(7) + 14 * 40 + 40);
});

test("standard deviations of embedders, other positions and registers: kernels 1 / sqrt(inputs), index 77 times smaller, registers 1e-6", () => {
  const near = (tensor: tf.Tensor, std: number) => expect(Math.abs(rms(tensor) / std - 1)).toBeLessThan(4 / Math.sqrt(2 * tensor.size));
  const perPosition = initVit({ ...config, embedder: { kind: "linear", perPosition: true } }, 5);
  near(perPosition.patchEmbedding.kernel, 1 / Math.sqrt(6 * 9 * 3));
  const stem = initVit({ ...config, patchSize: [6, 10], embedder: { kind: "hybrid", stages: [{ channels: 20, blocks: 1 }] } }, 5).patchEmbedding;
  near(stem.kernel, 1 / Math.sqrt(3 * 5 * 20));
  near(stem.stages![0].blocks![0].second.kernel, 1 / Math.sqrt(9 * 20));
  const positionsOf = (positions: VitConfig["positions"]) => leaves(initVit({ ...config, positions }, 5).positions);
  for (const positions of ["sequence", "factorised"] as const) for (const { tensor } of positionsOf(positions)) near(tensor, 1 / Math.sqrt(40));
  near(positionsOf("index")[0].tensor, 1 / Math.sqrt(40) / 77);
  expect([positionsOf("sin-cos"), positionsOf("none")]).toEqual([[], []]);
  const { registers, classTokenPosition, pool } = initVit({ ...config, registers: 30, classToken: { value: "ones", at: "last", position: true }, pooling: "map" }, 5);
  near(registers!, 1e-6);
  near(classTokenPosition!, 1 / Math.sqrt(40));
  expect(largest(pool!.probe)).toBeLessThanOrEqual(Math.sqrt(6 / 41));
});

test("a config that does not fit together is refused", () => {
  expect(() => initVit({ ...config, heads: 3 }, 1)).toThrow(
    new Error("initVit(heads): expected heads that divide dim 40, got 3. Choose heads so that dim / heads is a whole number."),
  );
});

test("nothing but the weights is left behind", () => {
  expectNoLeak(() => initVit(config, 8));
});
