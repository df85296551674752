import { mapLeaves, valueAndGradients, zipLeaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type VitConfig } from "./config.ts";
import { initVit, type VitParams } from "./params.ts";
import { vitMixed } from "./vit-mixed.ts";
import { vit, type VitOptions } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const configWith = (overrides: Partial<VitConfig>) =>
  vitConfig({ dim: 6, depth: 3, hiddenDim: 10, heads: 2 }, { patchSize: [4, 5], positionGrid: [2, 3], ...overrides });
const config = configWith({ pooling: "tok", dropPath: 0.4, layerScale: 0.5 });
const options: VitOptions = { scheme: patchScheme([2, 5]), training: true, seed: 1, step: 2 };
const images = (batch = 4) => tf.randomUniform([batch, 8, 15, 3], -1, 1, "float32", 1) as tf.Tensor4D;

function randomVit(of: VitConfig, seed = 1): VitParams {
  return mapLeaves(initVit(of, seed), (leaf, path) => tf.add(leaf, tf.randomNormal(leaf.shape, 0, 0.3, "float32", seed + path.length)));
}

const lossOf = (pooled: tf.Tensor) => tf.sum<tf.Scalar>(tf.square(pooled));

const configs: Record<string, VitConfig> = {
  "with drop path and layer scale": config,
  "with drop path alone": configWith({ pooling: "tok", dropPath: 0.4 }),
  "with a gated perceptron": configWith({ mlp: "swiglu" }),
};

test.for(Object.keys(configs))("value and the gradient of every weight are the same to the bit, %s", (name) => {
  const config = configs[name];
  const params = randomVit(config);
  const run = (recompute: boolean) => valueAndGradients((weights: VitParams) => lossOf(vit(weights, config, images(), { ...options, recompute }).pooled), params);
  const [kept, again] = [run(false), run(true)];
  expectClose(again.value, kept.value);
  zipLeaves([again.gradients, kept.gradients], ([ours, expected]) => {
    expectClose(ours, expected);
    return ours;
  });
});

test("images of different sizes too: the mask is there when a block runs again", () => {
  const params = randomVit(config);
  const mixed = [images(2), tf.slice(images(2), [0, 0, 0, 0], [1, 4, 5, 3])];
  const run = (recompute: boolean) => valueAndGradients((weights: VitParams) => lossOf(vitMixed(weights, config, mixed, { ...options, recompute }).pooled), params);
  const [kept, again] = [run(false), run(true)];
  expectClose(again.value, kept.value);
  zipLeaves([again.gradients, kept.gradients], ([ours, expected]) => {
    expectClose(ours, expected);
    return ours;
  });
});

test("the outputs of blocks that were asked for are the same, and a loss on them has the same gradient", () => {
  const params = randomVit(config);
  const run = (recompute: boolean) => valueAndGradients((weights: VitParams) => lossOf(vit(weights, config, images(), { ...options, recompute, blocks: ["0", "1"] }).blocks["1"]), params);
  const [kept, again] = [run(false), run(true)];
  expectClose(again.value, kept.value);
  expectClose(again.gradients.patchEmbedding.kernel, kept.gradients.patchEmbedding.kernel);
});

test("a step of 8 blocks peaks at less than half of the memory", async () => {
  const deep = configWith({ depth: 8 });
  const params = randomVit(deep);
  const pixels = images(16);
  const peakOf = async (recompute: boolean): Promise<number> => {
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      tf.dispose(valueAndGradients((weights: VitParams) => lossOf(vit(weights, deep, pixels, { ...options, recompute }).pooled), params));
      return [];
    });
    return peakBytes - before;
  };
  const [kept, again] = [await peakOf(false), await peakOf(true)];
  expect(again / kept).toBeLessThan(0.5);
});

test("nothing is left behind", () => {
  const params = randomVit(config);
  const pixels = images();
  expectNoLeak(() => vit(params, config, pixels, { ...options, recompute: true, blocks: ["1"] }));
  expectNoLeak(() => valueAndGradients((weights: VitParams) => lossOf(vit(weights, config, pixels, { ...options, recompute: true }).pooled), params));
});
