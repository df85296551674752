import { leaves, mapLeaves, valueAndGradients, zipLeaves } from "@flexivit/params";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pixelCrossEntropy } from "./loss.ts";
import { initSegmenter, segment, segmentPatches, type SegmenterConfig, type SegmenterParams } from "./segmenter.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("segment-depth/decoders.npz");
const masks: SegmenterConfig = { kind: "mask-transformer", dim: 6, decoderDim: 8, hiddenDim: 10, heads: 2, depth: 2, classes: 3 };
const linear: SegmenterConfig = { kind: "linear", dim: 6, classes: 3, kernelStd: 1 };
const grid = { gridHeight: 3, gridWidth: 5 };
const tokensOf = (patches: number, seed = 1) => tf.randomNormal([2, patches, 6], 0, 1, "float32", seed) as tf.Tensor3D;

/** The weights and tokens that PyTorch was given. */
function reference(): { params: SegmenterParams; tokens: tf.Tensor3D } {
  const params = mapLeaves(initSegmenter(masks, 1), (_, path) => fixtureTensor(arrays[path.replace("maskTransformer", "masks/params")]));
  return { params, tokens: fixtureTensor(arrays["masks/tokens"]) };
}

test("tokens that are all one vector give one class for every pixel at every grid and image size", () => {
  const params = initSegmenter(linear, 1);
  const one = tf.randomNormal([1, 1, 6], 0, 1, "float32", 2);
  const [expected] = tf.argMax(segmentPatches(params, linear, { tokens: one as tf.Tensor3D, grid: { gridHeight: 1, gridWidth: 1 } }), -1).dataSync();
  for (const [gridHeight, gridWidth, size] of [[2, 3, [9, 14]], [7, 5, [21, 4]]] as const) {
    const tokens = tf.tile(one, [1, gridHeight * gridWidth, 1]) as tf.Tensor3D;
    const labels = tf.argMax(segment(params, linear, { tokens, grid: { gridHeight, gridWidth } }, size), -1);
    expect(labels.shape).toEqual([1, ...size]);
    expectClose(labels, tf.fill(labels.shape, expected));
  }
});

test("patch (1, 2) of a 2x3 grid is that of token 5: rows of the grid follow each other", () => {
  const params = initSegmenter(linear, 1);
  const tokens = tokensOf(6);
  const logits = segmentPatches(params, linear, { tokens, grid: { gridHeight: 2, gridWidth: 3 } });
  const { kernel, bias } = params.linear!;
  const fifth = tf.add(tf.matMul(tf.reshape(tf.slice(tokens, [0, 5, 0], [2, 1, 6]), [2, 6]), kernel), bias);
  expectClose(tf.reshape(tf.slice(logits, [0, 1, 2, 0], [2, 1, 1, 3]), [2, 3]), fifth, { relative: 1e-6 });
});

test("the mask transformer does not see the order of the tokens: permuted tokens give permuted patches", () => {
  const { params, tokens } = reference();
  const order = tf.tensor1d([3, 14, 1, 0, 2, 9, 4, 5, 13, 6, 7, 8, 10, 12, 11], "int32");
  const straight = tf.reshape(segmentPatches(params, masks, { tokens, grid }), [2, 15, 3]);
  const permuted = tf.reshape(segmentPatches(params, masks, { tokens: tf.gather(tokens, order, 1), grid }), [2, 15, 3]);
  expectClose(permuted, tf.gather(straight, order, 1), { relative: 1e-5 }); // float32 sums in another order
});

test("pixel logits of the mask transformer and their gradient by the tokens equal PyTorch's, from 3x5 patches to 11x13 pixels", () => {
  const { params, tokens } = reference();
  const cotangent = fixtureTensor(arrays["masks/cotangent"]);
  const f = (tokens: tf.Tensor3D) => segment(params, masks, { tokens, grid }, [11, 13]);
  // float32 noise of the reference: 2 blocks and three layer norms
  expectClose(f(tokens), arrays["masks/output"], { relative: 1e-5 });
  expectClose(tf.grad((x) => tf.sum(tf.mul(f(x as tf.Tensor3D), cotangent)))(tokens), arrays["masks/gradient"], { relative: 5e-5 });
});

test.each([linear, masks])("the gradients of the $kind decoder by every weight and by the tokens are those of finite differences", (config) => {
  const params = config.kind === "linear" ? initSegmenter(config, 3) : reference().params;
  // A bias of the keys shifts all scores of a query alike and has no gradient but noise.
  const weights = leaves(params).filter(({ path }) => !path.endsWith("key/bias"));
  const f = (...moved: tf.Tensor[]) => {
    const tree = mapLeaves(params, (weight, path) => moved[weights.findIndex((leaf) => leaf.path === path)] ?? weight);
    return segment(tree, config, { tokens: moved.at(-1) as tf.Tensor3D, grid: { gridHeight: 2, gridWidth: 2 } }, [3, 5]);
  };
  checkGradient(f, [...weights.map(({ tensor }) => tensor), tokensOf(4)], { directions: 1, step: 2 ** -8 }); // the norms bend much
});

test.each([{ ...linear, kernelStd: 0 }, masks])("a $kind decoder learns the class of each of six patches in 60 steps", (config) => {
  let params = initSegmenter(config, 1);
  const features = { tokens: tf.slice(tokensOf(6), 0, [1, 6, 6]), grid: { gridHeight: 2, gridWidth: 3 } }; // few enough for one layer
  const labels = tf.tensor3d([[[0, 1, 2], [2, 0, 1]]]);
  const right = () => tf.sum(tf.cast(tf.equal(tf.argMax(segment(params, config, features, [2, 3]), -1), tf.cast(labels, "int32")), "int32")).dataSync()[0];
  const before = right();
  for (let step = 0; step < 60; step++) {
    const { gradients } = valueAndGradients((weights: SegmenterParams) => pixelCrossEntropy(segment(weights, config, features, [2, 3]), labels), params);
    params = zipLeaves([params, gradients], ([weight, gradient]) => tf.sub(weight, tf.mul(tf.sign(gradient), 0.03 * (1 - step / 60))));
  }
  expect(before).toBeLessThan(5);
  expect(right()).toBe(6);
});

test("another kind, sizes that are none, heads that do not divide, and features or weights that do not fit are refused", () => {
  const init = (config: object) => () => initSegmenter(config as SegmenterConfig, 1);
  expect(init({ ...linear, kind: "upernet" })).toThrow(
    new Error('initSegmenter(config.kind): expected one of linear, mask-transformer, got "upernet". Use one of these kinds.'),
  );
  expect(init({ ...linear, classes: 0 })).toThrow(new Error("initSegmenter(classes): expected a whole number above 0, got 0. Correct the config."));
  expect(init({ ...masks, heads: 3 })).toThrow(
    new Error("initSegmenter(heads): expected a divisor of the width 8, got 3. Choose a number of heads that divides it."),
  );
  const params = initSegmenter(linear, 1);
  expect(() => segment(params, linear, { tokens: tokensOf(7), grid }, [4, 4])).toThrow(
    new Error("segment(features.grid): expected a grid of 7 patches, got 3 x 5. Pass tokens and grid as the backbone gives them."),
  );
  expect(() => segment(params, masks, { tokens: tokensOf(15), grid }, [4, 4])).toThrow(
    new Error('segment(params): expected weights of kind "mask-transformer", got linear. Make them with initSegmenter and this config.'),
  );
  expect(() => segment(params, linear, { tokens: tf.zeros([2, 15, 4]), grid }, [4, 4])).toThrow(
    new Error("segment(features.tokens): expected axes [batch, patches, dim=6], got shape [2, 15, 4]. Axis 2 must have length 6."),
  );
});

test.each([linear, masks])("the $kind decoder leaves nothing behind, forward or backward", (config) => {
  const params = initSegmenter(config, 1);
  const features = { tokens: tokensOf(15), grid };
  expectNoLeak(() => initSegmenter(config, 1));
  expectNoLeak(() => segment(params, config, features, [7, 8]));
  expectNoLeak(() => valueAndGradients((weights: SegmenterParams) => tf.mean<tf.Scalar>(segment(weights, config, features, [7, 8])), params));
});
