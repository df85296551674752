import { leaves, mapLeaves, valueAndGradients, zipLeaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type VitConfig } from "./config.ts";
import { initVit, type VitParams } from "./params.ts";
import { vitMixed } from "./vit-mixed.ts";
import { vit } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const stored: Partial<VitConfig> = { patchSize: [4, 5], positionGrid: [2, 3] };
const configWith = (overrides: Partial<VitConfig>) => vitConfig({ dim: 6, depth: 3, hiddenDim: 10, heads: 2 }, { ...stored, ...overrides });
const last = { value: "learned", at: "last", position: true } as const;
const configs: [string, VitConfig][] = [
  ["mean", configWith({})],
  ["class token first", configWith({ pooling: "tok" })],
  ["class token last, registers", configWith({ pooling: "tok", classToken: last, registers: 2 })],
  ["attention pool", configWith({ pooling: "map", registers: 2 })],
  ["attention embedder, norm on the pooled vector", configWith({ embedder: { kind: "attention", heads: 3 }, normPlace: "pooled" })],
];

function randomVit(config: VitConfig, seed = 1): VitParams {
  return mapLeaves(initVit(config, seed), (leaf, path) => tf.add(leaf, tf.randomNormal(leaf.shape, 0, 0.3, "float32", seed + path.length)));
}

/** Grids of 2x3 twice, 3x1, and 1x1, at patches of 4x5. */
const images = () =>
  [[2, 8, 15], [1, 12, 5], [1, 4, 5]].map(([batch, height, width], seed) => tf.randomUniform([batch, height, width, 3], -1, 1, "float32", seed) as tf.Tensor4D);
const scheme = patchScheme([4, 5]);

test.each(configs)("%s: images of 8x15, 12x5 and 4x5 pixels together give what each gives alone, within 1e-6", (_name, config) => {
  const params = randomVit(config);
  const mixed = vitMixed(params, config, images(), { scheme, blocks: ["0"] });
  expect(mixed.grids.map(({ gridHeight, gridWidth }) => [gridHeight, gridWidth])).toEqual([[2, 3], [2, 3], [3, 1], [1, 1]]);
  expectClose(mixed.mask, tf.tensor2d([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]]));
  let row = 0;
  for (const each of images()) {
    const alone = vit(params, config, each, { scheme, blocks: ["0"] });
    const [batch, patches] = alone.tokens.shape;
    const mine = <T extends tf.Tensor>(of: T, length = of.shape[1]!) => tf.slice(of, [row, 0], [batch, length]);
    expectClose(mine(mixed.tokens, patches), alone.tokens, { relative: 1e-6 });
    expectClose(mine(mixed.pooled), alone.pooled, { relative: 1e-6 });
    if (alone.prefix) expectClose(mine(mixed.prefix!), alone.prefix, { relative: 1e-6 });
    if (config.classToken?.at !== "last") expectClose(mine(mixed.blocks["0"], alone.blocks["0"].shape[1]), alone.blocks["0"], { relative: 1e-6 });
    row += batch;
  }
});

test.each(configs)("%s: the gradient of every weight is that of the sum over the images alone, within 1e-5", (_name, config) => {
  const params = randomVit(config);
  const loss = (pooled: tf.Tensor) => tf.sum<tf.Scalar>(tf.mul(tf.square(pooled), tf.range(1, 7)));
  const together = valueAndGradients((weights: VitParams) => loss(vitMixed(weights, config, images(), { scheme }).pooled), params);
  const alone = valueAndGradients(
    (weights: VitParams) => tf.addN(images().map((each) => loss(vit(weights, config, each, { scheme }).pooled))) as tf.Scalar,
    params,
  );
  expectClose(together.value, alone.value, { relative: 1e-6 });
  const largest = Math.max(...leaves(alone.gradients).map(({ tensor }) => tf.max(tf.abs(tensor)).dataSync()[0]));
  zipLeaves([together.gradients, alone.gradients], ([ours, expected]) => {
    expectClose(ours, expected, { relative: 1e-5, absolute: 1e-7 * largest });
    return ours;
  });
});

test("what the padding holds changes nothing: an image's features are the same beside one of any size", () => {
  const config = configWith({ pooling: "map", registers: 1 });
  const params = randomVit(config);
  const [, , small] = images();
  const besides = [[8, 15], [4, 40]].map(([height, width]) => tf.ones([1, height, width, 3]) as tf.Tensor4D);
  const [one, other] = besides.map((large) => vitMixed(params, config, [small, large], { scheme }));
  expectClose(tf.slice(one.pooled, [0, 0], [1, 6]), tf.slice(other.pooled, [0, 0], [1, 6]), { relative: 1e-6 });
});

test("no images, other channels and sizes that the scheme cannot cut are refused", () => {
  const config = configWith({});
  const params = randomVit(config);
  expect(() => vitMixed(params, config, [], { scheme })).toThrow(
    new Error("vitMixed(images): expected one or more tensors of images, got none. Leave empty batches out."),
  );
  expect(() => vitMixed(params, config, [images()[0], tf.zeros([1, 8, 15, 1])], { scheme })).toThrow(
    "vitMixed(images[1]): expected axes [images, height, width, channels=3], got shape [1, 8, 15, 1].",
  );
  expect(() => vitMixed(params, config, [tf.zeros([1, 9, 15, 3])], { scheme })).toThrow("gridOf(imageSize): expected patches of 4x5 to cover the image 9x15");
  expect(() => vitMixed(params, config, images(), { scheme, blocks: ["3"] })).toThrow(
    new Error('vitMixed(options.blocks): expected some of 0, 1, 2, got "3". Name blocks by their index, from 0.'),
  );
});

test.each(configs)("%s: nothing is left behind, forward or through gradients", (_name, config) => {
  const params = randomVit(config);
  const pixels = images();
  expectNoLeak(() => {
    const { grids: _grids, ...tensors } = vitMixed(params, config, pixels, { scheme, blocks: ["1"] });
    return tensors;
  });
  expectNoLeak(() => valueAndGradients((weights: VitParams) => tf.sum<tf.Scalar>(vitMixed(weights, config, pixels, { scheme }).pooled), params));
});
