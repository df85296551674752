import { leaves, mapLeaves, valueAndGradients, zipLeaves } from "@flexivit/params";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DenseConfig } from "./dense-config.ts";
import { denseLoss } from "./dense-loss.ts";
import { initDense, type DenseParams } from "./dense-params.ts";
import { dense, type DenseFeatures } from "./dense.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("segment-depth/decoders.npz");
const range = { nearest: 0.5, farthest: 20 };
const config: DenseConfig = { dim: 6, blocks: ["0", "1"], stridesPx: [4, 8], width: 4, depth: { kind: "log", ...range }, normals: true };
const binned: DenseConfig = { ...config, depth: { kind: "bins", bins: 5, ...range } };
const imageSizePx = [22, 26] as const;

/** Tokens of two images: a 3x5 grid with one prefix token. */
const features = (): DenseFeatures => {
  const blocks = { 0: fixtureTensor<tf.Tensor3D>(arrays["dense/blocks/0"]), 1: fixtureTensor<tf.Tensor3D>(arrays["dense/blocks/1"]) };
  return { tokens: tf.zeros([2, 15, 6]), grid: { gridHeight: 3, gridWidth: 5 }, blocks };
};

/** The weights that PyTorch was given. */
const reference = (config: DenseConfig): DenseParams =>
  mapLeaves(initDense(config, 1), (_, path) => fixtureTensor(arrays[`dense/params/${config === binned ? path.replace("depth", "bins") : path}`]));

describe("dense", () => {
  test("without its heads' kernels, depth is the middle of the logarithms of its range at every grid, stride and size", () => {
    const params = mapLeaves(initDense(config, 1), (weight, path) => (path.includes("output") ? tf.zerosLike(weight) : weight));
    for (const [gridHeight, gridWidth, size] of [[1, 1, [8, 9]], [7, 2, [31, 12]]] as const) {
      const tokens = tf.randomNormal([1, gridHeight * gridWidth, 6]) as tf.Tensor3D;
      const { depth } = dense(params, config, { tokens, grid: { gridHeight, gridWidth }, blocks: { 0: tokens, 1: tokens } }, size);
      expectClose(depth!, tf.fill([1, ...size], Math.sqrt(0.5 * 20)), { relative: 1e-6 });
    }
  });

  test("prefix tokens are left out, at either end, and the name tokens stands for those after the last norm", () => {
    const params = initDense(config, 1);
    const { tokens: _, grid, blocks } = features();
    const bare = Object.fromEntries(Object.entries(blocks).map(([name, x]) => [name, tf.slice(x, [0, 1, 0], [2, 15, 6])]));
    const last = Object.fromEntries(Object.entries(bare).map(([name, x]) => [name, tf.concat([x, tf.ones([2, 1, 6])], 1) as tf.Tensor3D]));
    const expected = dense(params, config, { tokens: bare[1], grid, blocks }, imageSizePx).depth!;
    expectClose(dense(params, config, { tokens: bare[1], grid, blocks: bare }, imageSizePx).depth!, expected);
    expectClose(dense(params, { ...config, classTokenLast: true }, { tokens: bare[1], grid, blocks: last }, imageSizePx).depth!, expected);
    expectClose(dense(params, { ...config, blocks: ["0", "tokens"] }, { tokens: bare[1], grid, blocks: { 0: blocks[0] } }, imageSizePx).depth!, expected);
  });

  test.each([["depth", config, "1"], ["bins", binned, "1"], ["normals", config, "0"]] as const)(
    "%s and its gradient by a block equal PyTorch's, from 3x5 patches over levels of 6x7 and 3x4 to 22x26 pixels",
    (name, config, block) => {
      const params = reference(config);
      const { blocks, ...rest } = features();
      const f = (x: tf.Tensor) => dense(params, config, { ...rest, blocks: { ...blocks, [block]: x as tf.Tensor3D } }, imageSizePx)[name === "normals" ? "normals" : "depth"]!;
      const cotangent = fixtureTensor(arrays[`dense/${name}/cotangent`]);
      // float32 noise of the reference: eleven convolutions and two layer norms
      expectClose(f(blocks[block]), arrays[`dense/${name}/output`], { relative: 1e-5 });
      expectClose(tf.grad((x) => tf.sum(tf.mul(f(x), cotangent)))(blocks[block]), arrays[`dense/${name}/gradient`], { relative: 5e-5 });
    },
  );

  test.each([config, binned])("the gradients by every weight are those of finite differences, with depth by $depth.kind", (config) => {
    // Normals that point one way: near a vector of zeros their direction bends too much for finite differences.
    const params = mapLeaves(reference(config), (weight, path) => (path === "normals/output/bias" ? tf.tensor1d([4, -5, 7]) : weight));
    const weights = leaves(params);
    const used = features();
    const f = (...moved: tf.Tensor[]) => {
      const maps = dense(mapLeaves(params, (_, path) => moved[weights.findIndex((leaf) => leaf.path === path)]), config, used, [9, 14]);
      return tf.concat([tf.expandDims(maps.depth!, 3), maps.normals!], 3);
    };
    checkGradient(f, weights.map(({ tensor }) => tensor), { directions: 1, step: 2 ** -8 });
  });

  test("depths stay between nearest and farthest and normals have length 1, however large the heads' kernels", () => {
    for (const kind of [config, binned]) {
      const params = mapLeaves(initDense(kind, 1), (weight, path) => (path.includes("output") ? tf.mul(weight, 1000) : weight));
      const { depth, normals } = dense(params, kind, features(), imageSizePx);
      expect(tf.min(depth!).dataSync()[0]).toBeGreaterThanOrEqual(0.5 * (1 - 1e-6));
      expect(tf.max(depth!).dataSync()[0]).toBeLessThanOrEqual(20 * (1 + 1e-6));
      expectClose(tf.sum(tf.square(normals!), -1), tf.ones([2, ...imageSizePx]), { relative: 1e-5 });
    }
  });
});

test.each([config, binned])("depth by $depth.kind and normals of one image are learned together: 60 steps leave a quarter of the loss", (config) => {
  let params = initDense(config, 1);
  const used = features();
  const rows = tf.reshape(tf.linspace(1, 4, 22), [1, 22, 1]);
  const targets = {
    depth: tf.tile(rows, [2, 1, 26]) as tf.Tensor3D,
    normals: tf.tile(tf.tensor4d([[[[0.6, 0, -0.8]]]]), [2, 22, 26, 1]) as tf.Tensor4D,
  };
  const losses: number[] = [];
  for (let step = 0; step <= 60; step++) {
    const { value, gradients } = valueAndGradients((weights: DenseParams) => denseLoss(dense(weights, config, used, imageSizePx), targets), params);
    params = zipLeaves([params, gradients], ([weight, gradient]) => tf.sub(weight, tf.mul(tf.sign(gradient), 0.01 * (1 - step / 60))));
    losses.push(value.loss.dataSync()[0]);
  }
  expect(losses[60]).toBeLessThan(losses[0] / 4);
});

test("configs that could not work are refused", () => {
  const init = (changes: Partial<DenseConfig>) => () => initDense({ ...config, ...changes }, 1);
  expect(init({ width: 2.5 })).toThrow(new Error("initDense(width): expected a whole number above 0, got 2.5. Correct the config."));
  for (const [stridesPx, got] of [[[8, 4], "8, 4"], [[4], "4"], [[4, 8, 16], "4, 8, 16"], [[0, 4], "0, 4"]] as const) {
    expect(init({ stridesPx })).toThrow(
      new Error(`initDense(stridesPx): expected ascending whole numbers, one for each of 2 blocks, at least 1, got ${got}. Use [4, 8, 16, 32] for four blocks.`),
    );
  }
  expect(init({ depth: undefined, normals: false })).toThrow(
    new Error("initDense(depth): expected depth or normals to estimate, got neither. Set depth to a range or normals to true."),
  );
  expect(init({ depth: { kind: "log", nearest: 0, farthest: 9 } })).toThrow(
    new Error("initDense(depth): expected 0 < nearest < farthest, got 0 and 9. Take the range of the data."),
  );
  expect(init({ depth: { kind: "linear" as "log", nearest: 1, farthest: 9 } })).toThrow(
    new Error('initDense(depth.kind): expected one of log, bins, got "linear". Use one of these kinds.'),
  );
  expect(init({ depth: { kind: "bins", bins: 0, nearest: 1, farthest: 9 } })).toThrow(
    new Error("initDense(bins): expected a whole number above 0, got 0. Correct the config."),
  );
});

test("missing blocks, weights of another config, and grids that do not fit are refused", () => {
  const params = initDense(config, 1);
  const used = features();
  expect(() => dense(params, config, { ...used, blocks: { 1: used.blocks[1] } }, imageSizePx)).toThrow(
    new Error("dense(features.blocks): expected 0, 1, got 1. Ask the backbone for them with options.blocks."),
  );
  expect(() => dense(params, config, { ...used, grid: { gridHeight: 4, gridWidth: 5 } }, imageSizePx)).toThrow(
    new Error("dense(features.grid): expected a grid of at most 16 patches, got 4 x 5. Pass blocks and grid as the backbone gives them."),
  );
  expect(() => dense({ ...params, normals: undefined }, config, used, imageSizePx)).toThrow(
    new Error('dense(params): expected weights of "normals", got none. Make them with initDense and this config.'),
  );
  expect(() => dense({ ...params, levels: params.levels.slice(1) }, config, used, imageSizePx)).toThrow(
    new Error("dense(params): expected weights of 2 levels, one per block, got 1. Make them with initDense and this config."),
  );
});

test("nothing is left behind, forward or backward", () => {
  const used = features();
  for (const kind of [config, binned]) {
    const params = initDense(kind, 1);
    expectNoLeak(() => initDense(kind, 1));
    expectNoLeak(() => dense(params, kind, used, imageSizePx));
    expectNoLeak(() => valueAndGradients((weights: DenseParams) => tf.mean<tf.Scalar>(dense(weights, kind, used, imageSizePx).depth!), params));
  }
});
