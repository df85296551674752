import { layerNorm, linear } from "@flexivit/ops";
import { leaves, mapLeaves, valueAndGradients } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { block } from "./block.ts";
import { vitConfig, type VitConfig } from "./config.ts";
import { initVit, type VitParams } from "./params.ts";
import { embed } from "./embed.ts";
import { vit } from "./vit.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const size = { dim: 6, depth: 3, hiddenDim: 10, heads: 2 };
const gap = vitConfig(size, { patchSize: [4, 5], positionGrid: [2, 3] });
const tok = vitConfig(size, { patchSize: [4, 5], positionGrid: [2, 3], pooling: "tok" });
const stored = { scheme: patchScheme([4, 5]) }; // on 8x15 pixels neither kernel nor positions are resized

const randomImages = (height: number, width: number, batch = 2) => tf.randomUniform([batch, height, width, 3], -1, 1, "float32", 1) as tf.Tensor4D;

/** Weights without a zero or a one among them: every one matters. */
function randomVit(config: VitConfig, seed = 1): VitParams {
  return mapLeaves(initVit(config, seed), (leaf, path) => tf.add(leaf, tf.randomNormal(leaf.shape, 0, 0.3, "float32", seed + path.length)));
}

const gridOf = ({ positions }: VitParams): tf.Tensor3D => (positions as { grid: tf.Tensor3D }).grid;

/** Weights whose blocks add nothing to their inputs. */
function withoutBlocks(params: VitParams): VitParams {
  return mapLeaves(params, (leaf, path) => (/^blocks.*output/.test(path) ? tf.zerosLike(leaf) : tf.clone(leaf)));
}

/** Kernels of an operation that `f` runs. */
async function countKernels(name: string, f: () => tf.TensorContainer): Promise<number> {
  const { kernels } = await tf.profile(() => {
    tf.dispose(f());
    return [];
  });
  return kernels.filter((kernel) => kernel.name === name).length;
}

test("at the stored sizes the weights are used as they are: the convolution with the kernel, plus the grid, in one matrix product", async () => {
  const params = randomVit(gap);
  const images = randomImages(8, 15);
  const { kernel, bias } = params.patchEmbedding;
  const convolved = tf.reshape(tf.conv2d(images, kernel, [4, 5], "valid"), [2, 6, 6]);
  const { tokens, grid } = embed(params, gap, images, stored);
  expect(grid).toEqual({ gridHeight: 2, gridWidth: 3 });
  expectClose(tokens, tf.add(tf.add(convolved, bias), tf.reshape(gridOf(params), [6, 6])), { relative: 1e-6 });
  expect(await countKernels("BatchMatMul", () => embed(params, gap, images, stored).tokens)).toBe(1);
  // Two for the kernel, two for the positions.
  expect(await countKernels("BatchMatMul", () => embed(params, gap, images, { scheme: patchScheme([2, 3]) }).tokens)).toBe(5);
});

test("overlapping patches give the tokens of the convolution with that stride, with more positions", () => {
  const params = randomVit(gap);
  const images = randomImages(8, 14);
  const unplaced = { ...params, positions: { grid: tf.zerosLike(gridOf(params)) } };
  const { tokens, grid } = embed(unplaced, gap, images, { scheme: patchScheme([4, 5], [2, 3]) });
  const convolved = tf.conv2d(images, params.patchEmbedding.kernel, [2, 3], "valid");
  expect(grid).toEqual({ gridHeight: 3, gridWidth: 4 });
  expectClose(tokens, tf.reshape(tf.add(convolved, params.patchEmbedding.bias), [2, 12, 6]), { relative: 1e-6 });
});

// PI-resize is exact where patches grow; the tolerance is that of the float32 noise of pseudo-inverses.
test("patches enlarged bilinearly from 4x5 to 8x15 and a patch size of 8x15 give the same features", () => {
  const params = randomVit(tok);
  const patches = tf.randomUniform([2 * 2 * 3, 4, 5, 3], -1, 1, "float32", 3) as tf.Tensor4D; // of two images of 2x3 patches
  const imagesOf = (cut: tf.Tensor4D): tf.Tensor4D => {
    const [, height, width] = cut.shape;
    const rows = tf.transpose(tf.reshape(cut, [2 * 2, 3, height, width * 3]), [0, 2, 1, 3]);
    return tf.reshape(rows, [2, 2 * height, 3 * width, 3]);
  };
  const enlarged = tf.image.resizeBilinear(patches, [8, 15], false, true);
  const small = vit(params, tok, imagesOf(patches), stored);
  const large = vit(params, tok, imagesOf(enlarged), { scheme: patchScheme([8, 15]) });
  expect(large.grid).toEqual(small.grid);
  expectClose(large.tokens, small.tokens, { relative: 2e-5 });
  expectClose(large.pooled, small.pooled, { relative: 2e-5 });
});

test("an image's features do not depend on the rest of its batch", () => {
  const params = randomVit(tok);
  const images = randomImages(8, 12, 3);
  const scheme = patchScheme([2, 3]);
  const together = vit(params, tok, images, { scheme });
  const alone = vit(params, tok, tf.slice(images, [1, 0, 0, 0], [1, 8, 12, 3]), { scheme });
  expectClose(tf.slice(together.tokens, [1, 0, 0], [1, 16, 6]), alone.tokens, { relative: 1e-6 });
  expectClose(tf.slice(together.pooled, [1, 0], [1, 6]), alone.pooled, { relative: 1e-6 });
});

test("with blocks that add nothing, tokens are the norm of what embed gives and pooled is their mean", () => {
  const params = withoutBlocks(randomVit(gap));
  const images = randomImages(8, 12);
  const { tokens, pooled, grid, ...rest } = vit(params, gap, images, { scheme: patchScheme([2, 3]) });
  const { scale, bias } = params.norm;
  const normed = layerNorm(embed(params, gap, images, { scheme: patchScheme([2, 3]) }).tokens, scale, bias, 1e-6);
  expect(grid).toEqual({ gridHeight: 4, gridWidth: 4 });
  expect(rest).toEqual({ blocks: {} });
  expectClose(tokens, normed, { relative: 1e-6 });
  expectClose(pooled, tf.mean(normed, 1), { relative: 1e-6 });
});

test("the class token comes first and has no position: with blocks that add nothing it is the norm of the weight", () => {
  const params = withoutBlocks(randomVit(tok));
  const { tokens, prefix, classToken, pooled } = vit(params, tok, randomImages(8, 15), stored);
  const { scale, bias } = params.norm;
  const normed = layerNorm(params.classToken!, scale, bias, 1e-6);
  expectClose(classToken!, tf.concat([normed, normed]), { relative: 1e-6 });
  expectClose(prefix!, tf.reshape(classToken!, [2, 1, 6]));
  expect(pooled).toBe(classToken);
  expectClose(tokens, layerNorm(embed(params, tok, randomImages(8, 15), stored).tokens, scale, bias, 1e-6), { relative: 1e-6 });
});

test("the blocks that were asked for are there, equal to running block by block, and change nothing else", () => {
  const params = randomVit(gap);
  const images = randomImages(8, 15);
  const features = vit(params, gap, images, { ...stored, blocks: ["2", "0"] });
  const first = block(params.blocks[0], gap, embed(params, gap, images, stored).tokens);
  const third = block(params.blocks[2], gap, block(params.blocks[1], gap, first));
  expect(Object.keys(features.blocks)).toEqual(["0", "2"]);
  expectClose(features.blocks["0"], first);
  expectClose(features.blocks["2"], third);
  expectClose(features.tokens, vit(params, gap, images, stored).tokens);
  const withClassToken = vit(randomVit(tok), tok, images, { ...stored, blocks: ["1"] });
  expect(withClassToken.blocks["1"].shape).toEqual([2, 7, 6]);
});

test.each([
  ["smaller overlapping patches", patchScheme([3, 4], [2, 2])],
  ["larger patches", patchScheme([5, 7])],
])("under %s the gradients by kernel, positions, class token and a weight of each block are those of finite differences", (_name, scheme) => {
  const params = randomVit(tok);
  const images = randomImages(11, 15, 1);
  const { kernel } = params.patchEmbedding;
  checkGradient(
    (kernel: tf.Tensor4D, grid: tf.Tensor3D, classToken: tf.Tensor2D, query: tf.Tensor2D) => {
      const [one, ...others] = params.blocks;
      const first = { ...one, attention: { ...one.attention, query: { kernel: query, bias: one.attention.query.bias } } };
      const changed = { ...params, patchEmbedding: { ...params.patchEmbedding, kernel }, positions: { grid }, classToken, blocks: [first, ...others] };
      const { tokens, pooled } = vit(changed, tok, images, { scheme, remainder: "crop" });
      return tf.concat([tf.reshape(tokens, [-1, 6]), pooled]);
    },
    [kernel, gridOf(params), params.classToken!, params.blocks[0].attention.query.kernel],
    { step: 2 ** -9 }, // small, for the curvature of seven norms
  );
});

test("a deeper model needs no more memory forward, but its weights", async () => {
  const images = randomImages(8, 15);
  const peakOf = async (depth: number): Promise<number> => {
    const config = { ...gap, dim: 48, depth }; // so wide that blocks, not images and tiles, make the peak
    const params = randomVit(config);
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      tf.dispose(vit(params, config, images, stored));
      return [];
    });
    return peakBytes - before;
  };
  expect(await peakOf(9)).toBe(await peakOf(2));
});

test("images of another rank or other channels are refused", () => {
  const params = randomVit(gap);
  expect(() => vit(params, gap, tf.zeros([8, 15, 3]) as unknown as tf.Tensor4D, stored)).toThrow(
    new Error("vit(images): expected axes [batch, height, width, channels=3], got shape [8, 15, 3]. Reshape it to rank 4."),
  );
  const grey = tf.zeros([2, 8, 15, 1]) as tf.Tensor4D;
  const message = "(images): expected axes [batch, height, width, channels=3], got shape [2, 8, 15, 1]. Axis 3 must have length 3.";
  expect(() => vit(params, gap, grey, stored)).toThrow(new Error(`vit${message}`));
  expect(() => embed(params, gap, grey, stored)).toThrow(new Error(`embed${message}`));
});

test("a patch larger than the image, and pixels left over unless they are cropped, are refused", () => {
  const params = randomVit(gap);
  expect(() => vit(params, gap, randomImages(8, 15), { scheme: patchScheme([9, 5]) })).toThrow(
    new Error(
      "gridOf(imageSize): expected an image no smaller than one patch of 9x5 pixels, got 8x15. " +
        "Use patches of at most 8x5, or resize the image to at least 9x15.",
    ),
  );
  expect(() => vit(params, gap, randomImages(8, 17), stored)).toThrow(
    new Error(
      "gridOf(imageSize): expected patches of 4x5 to cover the image 8x17, got a remainder of 2 pixels in width. " +
        'Resize the image to width 15 or 20, use patches of width 1 or 17, or pass remainder "crop" to leave these pixels out.',
    ),
  );
  const cropped = vit(params, gap, randomImages(8, 17), { ...stored, remainder: "crop" });
  expectClose(cropped.tokens, vit(params, gap, tf.slice(randomImages(8, 17), [0, 0, 0, 0], [2, 8, 15, 3]), stored).tokens);
});

test("weights and config of different models are refused, also where they would run", () => {
  const params = randomVit(gap);
  const images = randomImages(8, 15);
  const remedy = "Use the config that the weights were made with.";
  const refused = (config: VitConfig, expected: string, got: string, weights = params) =>
    expect(() => vit(weights, config, images, stored)).toThrow(new Error(`vit(params): expected ${expected} under this config, got ${got}. ${remedy}`));
  refused(tok, '"classToken" of shape [1, 6]', "none");
  refused(gap, 'no "classToken"', "one of shape [1, 6]", randomVit(tok));
  refused({ ...gap, depth: 2 }, 'no "blocks/2/attentionNorm/scale"', "one of shape [6]");
  refused({ ...gap, positionGrid: [3, 2] }, '"positions/grid" of shape [3, 2, 6]', "[2, 3, 6]");
  expect(() => embed(params, { ...gap, dim: 8 }, images, stored)).toThrow(
    'embed(params): expected "patchEmbedding/kernel" of shape [4, 5, 3, 8] under this config, got [4, 5, 3, 6].',
  );
});

test("a block that does not exist is refused", () => {
  expect(() => vit(randomVit(gap), gap, randomImages(8, 15), { ...stored, blocks: ["1", "3"] })).toThrow(
    new Error('vit(options.blocks): expected some of 0, 1, 2, got "3". Name blocks by their index, from 0.'),
  );
});

test.each([
  ["mean", gap],
  ["class token", tok],
])("%s: disposing the features frees all there is, forward and through gradients", (_name, config) => {
  const params = randomVit(config);
  const images = randomImages(9, 13);
  const options = { scheme: patchScheme([3, 4], [2, 3]), remainder: "crop", blocks: ["0", "2"] } as const;
  const head = tf.ones([6, 5]) as tf.Tensor2D;
  expectNoLeak(() => vit(params, config, images, options));
  expectNoLeak(() => valueAndGradients((weights: VitParams) => tf.mean<tf.Scalar>(tf.square(linear(vit(weights, config, images, options).pooled, head))), params));
  expect(leaves(params).every(({ tensor }) => !tensor.isDisposed)).toBe(true);
});
