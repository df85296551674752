import { countParams, leaves, type Init } from "@flexivit/params";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type VitConfig, type VitVariant } from "./config.ts";
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
function countSpec(of: VitConfig): number {
  const inits = (node: object): Init[] => ("shape" in node ? [node as Init] : Object.values(node).flatMap(inits));
  return inits(vitSpec(of)).reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
}

// The published models: 224 px, class token, 1000 classes. Their class token has a position of its own (dim numbers), ours none.
test.each<[VitVariant, number, number]>([
  ["Ti", 16, 5_717_416],
  ["S", 16, 22_050_664],
  ["B", 16, 86_567_656],
  ["L", 16, 304_326_632],
  ["H", 14, 632_045_800],
])("ViT-%s/%i with a head of 1000 classes and a position for the class token has the published %i parameters", (variant, patchSize, published) => {
  const grid = 224 / patchSize;
  const of = vitConfig(variant, { patchSize: [patchSize, patchSize], positionGrid: [grid, grid], pooling: "tok" });
  const head = of.dim * 1000 + 1000;
  expect(countSpec(of) + head + of.dim).toBe(published);
});

test("what initVit makes is what its plan says, in float32", () => {
  const params = initVit(config, 7);
  expect(countParams(params)).toBe(countSpec(config));
  expect(new Set(leaves(params).map(({ tensor }) => tensor.dtype))).toEqual(new Set(["float32"]));
  expect(params.patchEmbedding.kernel.shape).toEqual([6, 9, 3, 40]);
  expect((params.positions as { grid: tf.Tensor3D }).grid.shape).toEqual([7, 11, 40]);
  expect(params.blocks[1].mlp.hidden.kernel.shape).toEqual([40, 70]);
});

test("a config that does not fit together is refused", () => {
  expect(() => initVit({ ...config, heads: 3 }, 1)).toThrow(
    new Error("initVit(heads): expected heads that divide dim 40, got 3. Choose heads so that dim / heads is a whole number."),
  );
});

test("nothing but the weights is left behind", () => {
  expectNoLeak(() => initVit(config, 8));
});
