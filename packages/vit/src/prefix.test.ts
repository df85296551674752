import { layerNorm } from "@flexivit/ops";
import { leaves, mapLeaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type ClassToken, type VitConfig } from "./config.ts";
import { embed } from "./embed.ts";
import { initVit, type VitParams } from "./params.ts";
import { vit } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const configWith = (overrides: Partial<VitConfig>) =>
  vitConfig({ dim: 6, depth: 2, hiddenDim: 10, heads: 2 }, { patchSize: [4, 5], positionGrid: [2, 3], ...overrides });
const stored = { scheme: patchScheme([4, 5]) };
const images = (batch = 2) => tf.randomUniform([batch, 8, 15, 3], -1, 1, "float32", 1) as tf.Tensor4D;

function randomVit(config: VitConfig, seed = 1): VitParams {
  return mapLeaves(initVit(config, seed), (leaf, path) => tf.add(leaf, tf.randomNormal(leaf.shape, 0, 0.3, "float32", seed + path.length)));
}

/** Weights whose blocks add nothing to their inputs. */
function withoutBlocks(params: VitParams): VitParams {
  return mapLeaves(params, (leaf, path) => (/^blocks.*output/.test(path) ? tf.zerosLike(leaf) : tf.clone(leaf)));
}

const variants = (["learned", "zeros", "ones"] as const).flatMap((value) =>
  (["first", "last"] as const).flatMap((at) => [true, false].map((position): ClassToken => ({ value, at, position }))),
);

test.each(variants)("class token $value, $at, position $position, beside 3 registers: with blocks that add nothing each token is the norm of its weights", (classToken) => {
  const config = configWith({ pooling: "tok", classToken, registers: 3 });
  const params = withoutBlocks(randomVit(config));
  const value = { learned: params.classToken, zeros: tf.zeros([1, 6]), ones: tf.ones([1, 6]) }[classToken.value]!;
  expect([params.classToken !== undefined, params.classTokenPosition !== undefined]).toEqual([classToken.value === "learned", classToken.position]);
  const own = classToken.position ? tf.add(value, params.classTokenPosition!) : value;
  const twice = (rows: tf.Tensor) => tf.stack([rows, rows]) as tf.Tensor3D;
  const patches = embed(params, config, images(), stored).tokens;
  const parts = [twice(params.registers!), patches];
  const sequence = tf.concat(classToken.at === "first" ? [twice(own), ...parts] : [...parts, twice(own)], 1) as tf.Tensor3D;
  const features = vit(params, config, images(), { ...stored, blocks: ["1"] });
  const { scale, bias } = params.norm;
  const normed = (x: tf.Tensor) => layerNorm(x, scale, bias, 1e-6);
  expectClose(features.blocks["1"], sequence, { relative: 1e-6 });
  expectClose(features.tokens, normed(patches), { relative: 1e-6 });
  expectClose(features.prefix!, normed(tf.concat([twice(own), twice(params.registers!)], 1)), { relative: 1e-6 });
  expectClose(features.classToken!, tf.concat([normed(own), normed(own)]), { relative: 1e-6, absolute: 1e-6 }); // the norm of zeros is the bias
  expect(features.pooled).toBe(features.classToken);
});

test("where a class token stands changes no feature: attention knows no order", () => {
  const first = configWith({ pooling: "tok", classToken: { value: "learned", at: "first", position: true }, registers: 2 });
  const last: VitConfig = { ...first, classToken: { value: "learned", at: "last", position: true } };
  const params = randomVit(first);
  const [a, b] = [first, last].map((config) => vit(params, config, images(), stored));
  expectClose(a.pooled, b.pooled, { relative: 1e-5 });
  expectClose(a.tokens, b.tokens, { relative: 1e-5 });
  expectClose(a.prefix!, b.prefix!, { relative: 1e-5 });
});

test("registers alone: a prefix of 2 and no class token; the mean is over the patches only", () => {
  const config = configWith({ registers: 2 });
  const { tokens, prefix, classToken, pooled } = vit(randomVit(config), config, images(), stored);
  expect([tokens.shape, prefix!.shape, classToken]).toEqual([[2, 6, 6], [2, 2, 6], undefined]);
  expectClose(pooled, tf.mean(tokens, 1), { relative: 1e-6 });
});

test("a class token without being pooled by it: the mean is over the patches only", () => {
  const config = configWith({ classToken: { value: "learned", at: "first", position: false } });
  const { tokens, classToken, pooled } = vit(randomVit(config), config, images(), stored);
  expect([tokens.shape, classToken!.shape]).toEqual([[2, 6, 6], [2, 6]]);
  expectClose(pooled, tf.mean(tokens, 1), { relative: 1e-6 });
});

test("pooling by attention: a query that knows no difference takes the mean of the values; heads and MLP as in a block", () => {
  const config = configWith({ pooling: "map", activation: "erf" });
  const random = randomVit(config);
  const params = mapLeaves(random, (leaf, path) => (/^pool.(attention.query|mlp.output)/.test(path) ? tf.zerosLike(leaf) : tf.clone(leaf)));
  const { tokens, pooled } = vit(params, config, images(), stored);
  const { value, output } = params.pool!.attention;
  const mean = tf.mean<tf.Tensor2D>(tokens, 1);
  const through = (x: tf.Tensor2D, { kernel, bias }: typeof value): tf.Tensor2D => tf.add(tf.matMul(x, kernel), bias);
  expectClose(pooled, through(through(mean, value), output), { relative: 1e-5 });
});

test.each(["gap", "tok", "map"] as const)("norm on the pooled vector with %s: tokens are those before it, pooled is its norm", (pooling) => {
  const onTokens = configWith({ pooling, registers: 1 });
  const onPooled: VitConfig = { ...onTokens, normPlace: "pooled" };
  const params = randomVit(onTokens);
  const features = vit(params, onPooled, images(), { ...stored, blocks: ["1"] });
  const { scale, bias } = params.norm;
  const last = features.blocks["1"];
  const prefix = pooling === "tok" ? 2 : 1;
  expectClose(tf.concat([features.prefix!, features.tokens], 1), last);
  if (pooling === "gap") expectClose(features.pooled, layerNorm(tf.mean(tf.slice(last, [0, prefix, 0]), 1) as tf.Tensor2D, scale, bias, 1e-6), { relative: 1e-6 });
  if (pooling === "tok") expectClose(features.pooled, layerNorm(features.classToken!, scale, bias, 1e-6), { relative: 1e-6 });
  const still = { ...params, norm: { scale: tf.ones([6]) as tf.Tensor1D, bias: tf.zeros([6]) as tf.Tensor1D } };
  const { mean, variance } = tf.moments(vit(still, onPooled, images(), stored).pooled, 1);
  expectClose(mean, [0, 0], { absolute: 1e-6 });
  expectClose(variance, [1, 1], { relative: 1e-4 });
});

test("tokens before the norm are a tensor of their own: disposing the last block's output leaves them", () => {
  const config = configWith({ normPlace: "pooled" });
  const { blocks, tokens } = vit(randomVit(config), config, images(), { ...stored, blocks: ["1"] });
  const values = tokens.dataSync().slice();
  tf.dispose(blocks);
  expectClose(tokens, values);
});

test("the gradients by class token, its position, registers and all weights of the attention pool are those of finite differences", () => {
  const config = configWith({ depth: 1, pooling: "map", classToken: { value: "learned", at: "last", position: true }, registers: 2 });
  const params = randomVit(config);
  // The softmax does not see a shift that all keys share: the gradient of that bias is rounding.
  const weights = leaves(params).filter(({ path }) => /^(classToken|registers|pool)/.test(path) && path !== "pool/attention/key/bias");
  expect(weights).toHaveLength(3 + 1 + 8 - 1 + 2 + 4);
  const run = (...changed: tf.Tensor[]) => {
    const byPath = new Map(weights.map(({ path }, index) => [path, changed[index]]));
    const { prefix, pooled } = vit(mapLeaves(params, (leaf, path) => byPath.get(path) ?? leaf), config, images(1), stored);
    return tf.concat([tf.reshape(prefix!, [-1, 6]), pooled]);
  };
  checkGradient(run, weights.map(({ tensor }) => tensor), { step: 2 ** -8, directions: 1 });
});

test.each(["tok", "map"] as const)("%s with registers and the norm on the pooled vector: disposing the features frees all there is", (pooling) => {
  const config = configWith({ pooling, registers: 2, normPlace: "pooled" });
  const params = randomVit(config);
  const pixels = images();
  expectNoLeak(() => vit(params, config, pixels, { ...stored, blocks: ["1"] }));
  expectNoLeak(() => tf.grad((x: tf.Tensor) => vit(params, config, x as tf.Tensor4D, stored).pooled)(pixels));
});
