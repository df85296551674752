import { layerNorm, linear, mlp, swiglu } from "@flexivit/ops";
import { leaves, mapLeaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { block } from "./block.ts";
import { vitConfig, type VitConfig } from "./config.ts";
import { branchFactors } from "./drop-path.ts";
import { initVit, type BlockParams, type VitParams } from "./params.ts";
import { vit } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const configWith = (overrides: Partial<VitConfig>) =>
  vitConfig({ dim: 6, depth: 3, hiddenDim: 10, heads: 2 }, { patchSize: [4, 5], positionGrid: [2, 3], ...overrides });
const dropping = configWith({ dropPath: 0.4 });
const images = (batch = 2) => tf.randomUniform([batch, 8, 15, 3], -1, 1, "float32", 1) as tf.Tensor4D;
const stored = { scheme: patchScheme([4, 5]) };

function randomVit(config: VitConfig, seed = 1): VitParams {
  return mapLeaves(initVit(config, seed), (leaf, path) => tf.add(leaf, tf.randomNormal(leaf.shape, 0, 0.3, "float32", seed + path.length)));
}
const values = (factors: { attentionFactors?: tf.Tensor; mlpFactors?: tf.Tensor }) => [factors.attentionFactors!, factors.mlpFactors!].map((each) => [...each.dataSync()]);

test("rates of 0.4 over 3 blocks are 0, 0.2 and 0.4: that share of 5,000 images skips, the others count 1 / (1 - rate), so the mean is 1", () => {
  expect(branchFactors(dropping, 0, 7, { training: true, seed: 1, step: 2 })).toEqual({});
  for (const [index, rate] of [[1, 0.2], [2, 0.4]]) {
    for (const factors of values(branchFactors(dropping, index, 5000, { training: true, seed: 1, step: 2 }))) {
      expect(new Set(factors)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
      const skipped = factors.filter((factor) => factor === 0).length / 5000;
      expect(Math.abs(skipped - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / 5000)); // four standard deviations
      expect(Math.abs(factors.reduce((sum, factor) => sum + factor) / 5000 - 1)).toBeLessThan(4 * Math.sqrt(rate / (1 - rate) / 5000));
    }
  }
  expect(values(branchFactors(configWith({ depth: 1, dropPath: 0.4 }), 0, 50, { training: true, seed: 1, step: 2 }))[0]).toContain(0);
});

test("the draws are a function of seed, block and step; the two branches of a block and the images have draws of their own", () => {
  const draw = (index: number, seed: number, step: number) => values(branchFactors(dropping, index, 40, { training: true, seed, step }));
  expect(draw(2, 1, 5)).toEqual(draw(2, 1, 5));
  const [attention, mlp] = draw(2, 1, 5);
  const zerosOf = (factors: number[]) => factors.map((factor) => factor === 0).join();
  expect(new Set([attention, mlp, draw(2, 2, 5)[0], draw(2, 1, 6)[0], draw(1, 1, 5)[0]].map(zerosOf)).size).toBe(5);
  // With the draws of block 2, whoever skips block 1 at the lower rate would skip block 2 too.
  expect(draw(1, 1, 5)[0].some((factor, image) => factor === 0 && attention[image] > 0)).toBe(true);
});

test("only in training: elsewhere the model is the one without drop path, to the bit", () => {
  const params = randomVit(dropping);
  const plain = vit(params, configWith({}), images(), stored).pooled;
  expectClose(vit(params, dropping, images(), { ...stored, seed: 1, step: 2 }).pooled, plain);
  expectClose(vit(params, configWith({}), images(), { ...stored, training: true }).pooled, plain);
  const trained = vit(params, dropping, images(8), { ...stored, training: true, seed: 1, step: 2 });
  expect(tf.max(tf.abs(tf.sub(trained.pooled, vit(params, dropping, images(8), stored).pooled))).dataSync()[0]).toBeGreaterThan(1e-2);
});

test("factors of 0 take the branch away and 2 doubles it, image by image", () => {
  const params = randomVit(dropping).blocks[0];
  const x = tf.randomNormal([2, 5, 6], 0, 1, "float32", 3) as tf.Tensor3D;
  const off = tf.zeros([2]) as tf.Tensor1D;
  expectClose(block(params, dropping, x, { attentionFactors: off, mlpFactors: off }), x);
  const attended = block(params, dropping, x, { mlpFactors: off });
  const mixed = block(params, dropping, x, { attentionFactors: tf.tensor1d([0, 2]), mlpFactors: off });
  const twice = tf.add(x, tf.mul(tf.sub(attended, x), 2));
  expectClose(mixed, tf.stack([tf.unstack(x)[0], tf.unstack(twice)[1]]), { relative: 1e-6 });
});

test.each([
  ["gelu", 10],
  ["swiglu", 20],
] as const)("%s with layer scale: each branch is multiplied by its scale; gradients are those of finite differences", (kind, width) => {
  const config = configWith({ mlp: kind, layerScale: 0.5, activation: "erf" });
  const fresh = initVit(config, 1).blocks[0];
  expectClose(fresh.attentionScale!, tf.fill([6], 0.5));
  expectClose(fresh.mlpScale!, tf.fill([6], 0.5));
  const params = randomVit(config).blocks[0];
  expect([params.mlp.hidden.kernel.shape, params.mlp.output.kernel.shape]).toEqual([[6, width], [10, 6]]);
  const x = tf.randomNormal([2, 5, 6], 0, 1, "float32", 3) as tf.Tensor3D;
  const unscaled = { ...params, attentionScale: undefined, mlpScale: undefined };
  const off = tf.zeros([2]) as tf.Tensor1D;
  const attended = tf.add(x, tf.mul(tf.sub(block(unscaled, config, x, { mlpFactors: off }), x), params.attentionScale!)) as tf.Tensor3D;
  const normed = layerNorm(attended, params.mlpNorm.scale, params.mlpNorm.bias, 1e-6);
  const branch = kind === "swiglu" ? swiglu(params.mlp, normed) : mlp(params.mlp, normed, "erf");
  expectClose(block(params, config, x), tf.add(attended, tf.mul(branch, params.mlpScale!)), { relative: 1e-6 });
  const weights = leaves(params).filter(({ path }) => path !== "attention/key/bias"); // its gradient is rounding
  const run = (x: tf.Tensor, ...changed: tf.Tensor[]) => {
    const byPath = new Map(weights.map(({ path }, index) => [path, changed[index]]));
    return block(mapLeaves(params, (leaf, path) => byPath.get(path) ?? leaf) as BlockParams, config, x as tf.Tensor3D);
  };
  checkGradient(run as (...inputs: tf.Tensor[]) => tf.Tensor, [x, ...weights.map(({ tensor }) => tensor)], { step: 2 ** -8, directions: 1 });
});

test("training with drop path needs a seed and a step", () => {
  const params = randomVit(dropping);
  const remedy = "Pass both: they decide which branches are skipped.";
  expect(() => vit(params, dropping, images(), { ...stored, training: true })).toThrow(
    new Error(`vit(options): expected a seed and a step when training with dropPath 0.4, got no seed. ${remedy}`),
  );
  expect(() => vit(params, dropping, images(), { ...stored, training: true, seed: 1 })).toThrow(
    new Error(`vit(options): expected a seed and a step when training with dropPath 0.4, got no step. ${remedy}`),
  );
});

test("nothing is left behind in a training step", () => {
  const params = randomVit(dropping);
  const pixels = images();
  const head = tf.ones([6, 5]) as tf.Tensor2D;
  const options = { ...stored, training: true, seed: 1, step: 2 };
  expectNoLeak(() => vit(params, dropping, pixels, options));
  expectNoLeak(() => tf.grad((x: tf.Tensor) => linear(vit(params, dropping, x as tf.Tensor4D, options).pooled, head))(pixels));
});
