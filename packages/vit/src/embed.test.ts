import type { Grid } from "@flexivit/features";
import { gelu, layerNorm, linear } from "@flexivit/ops";
import { leaves, mapLeaves } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { factorisedPositions, indexPositions, resizePositions, sequencePositions, sinCosPositions } from "@flexivit/position-embedding";
import { referenceInterpolations } from "@flexivit/resample";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vitConfig, type Embedder, type VitConfig } from "./config.ts";
import { embed, type Cut } from "./embed.ts";
import { initVit, type ConvolutionParams, type NormParams, type PatchEmbeddingParams, type PositionParams, type StageParams, type VitParams } from "./params.ts";
import { tiles } from "./tiles.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const kinds = {
  linear: { kind: "linear" },
  "linear per position": { kind: "linear", perPosition: true },
  mlp: { kind: "mlp", hiddenDim: 5 },
  attention: { kind: "attention", heads: 2 },
  "tile-cnn": { kind: "tile-cnn", channels: 4 },
  "conv-stem": { kind: "conv-stem", channels: [5, 7] },
  hybrid: { kind: "hybrid", stages: [{ channels: 5, blocks: 2 }, { channels: 7, blocks: 1 }] },
} as const satisfies Record<string, Embedder>;
const all = Object.entries<Embedder>(kinds);

/** Stored: patches of 4x8 pixels, of one cell by two after a stem, on a grid of 2x3. */
const configOf = (embedder: Embedder, overrides: Partial<VitConfig> = {}) =>
  vitConfig({ dim: 6, depth: 1, hiddenDim: 5, heads: 2 }, { patchSize: [4, 8], positionGrid: [2, 3], positions: "none", activation: "erf", embedder, ...overrides });
const stored: Cut = { scheme: patchScheme([4, 8]) };
const images = (height = 8, width = 24, batch = 2, seed = 1) => tf.randomUniform([batch, height, width, 3], -1, 1, "float32", seed) as tf.Tensor4D;

/** Weights without a zero or a one among them: every one matters. */
function randomVit(config: VitConfig, seed = 1): VitParams {
  return mapLeaves(initVit(config, seed), (leaf, path) => tf.add(leaf, tf.randomNormal(leaf.shape, 0, 0.3, "float32", seed + path.length)));
}

const withEmbedding = (params: VitParams, change: Partial<PatchEmbeddingParams>): VitParams => ({ ...params, patchEmbedding: { ...params.patchEmbedding, ...change } });
/** [batch, height, width, dim] to [batch, patches, dim]. */
const asTokens = (map: tf.Tensor4D): tf.Tensor3D => tf.reshape(map, [map.shape[0], map.shape[1] * map.shape[2], map.shape[3]]);

/** Convolution by TensorFlow's own operation; the second with zeros around. */
const convolved = ({ kernel, bias }: ConvolutionParams, x: tf.Tensor4D, stride: number | [number, number]): tf.Tensor4D => tf.add(tf.conv2d(x, kernel, stride, "valid"), bias);
const convolution = (params: ConvolutionParams, x: tf.Tensor4D, stride: 1 | 2) => convolved(params, tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), stride);
const normed = (x: tf.Tensor4D, { scale, bias }: NormParams) => gelu(layerNorm(x, scale, bias, 1e-6), "erf");

function stageByHand(x: tf.Tensor4D, { convolution: first, norm, blocks = [] }: StageParams): tf.Tensor4D {
  const start = normed(convolution(first, x, 2), norm);
  return blocks.reduce((map, { firstNorm, first, secondNorm, second }) => {
    const branch = convolution(second, normed(convolution(first, normed(map, firstNorm), 1), secondNorm), 1);
    return tf.add(map, branch);
  }, start);
}

test("one kernel in every cell of a grid of kernels is the shared kernel, on any grid", () => {
  const shared = randomVit(configOf(kinds.linear));
  const repeated = withEmbedding(shared, { kernel: tf.tile(shared.patchEmbedding.kernel, [1, 1, 1, 6]) });
  for (const scheme of [patchScheme([4, 8]), patchScheme([2, 3]), patchScheme([4, 8], [2, 4])]) {
    const { tokens } = embed(repeated, configOf(kinds["linear per position"]), images(), { scheme });
    expectClose(tokens, embed(shared, configOf(kinds.linear), images(), { scheme }).tokens, { relative: 1e-5 });
  }
});

test("per position, every tile meets the kernel of its cell: those of the stored 2x3, or the stored ones resampled to 4x3 like positions", () => {
  const config = configOf(kinds["linear per position"]);
  const params = randomVit(config);
  const { kernel, bias } = params.patchEmbedding;
  const byCell = tf.transpose(tf.reshape(kernel, [96, 2, 3, 6]), [1, 2, 0, 3]); // [gridHeight, gridWidth, pixels, dim]
  for (const height of [8, 16]) {
    const { tiles: pixels, grid } = tiles(images(height), stored.scheme, "error");
    const kernels = resizePositions(tf.reshape(byCell, [2, 3, 96 * 6]) as tf.Tensor3D, grid);
    const patches = grid.gridHeight * grid.gridWidth;
    const expected = tf.unstack(tf.reshape(kernels, [patches, 96, 6])).map((one, patch) => tf.add(tf.matMul(tf.squeeze(tf.slice(pixels, [0, patch, 0], [2, 1, 96]), [1]), one as tf.Tensor2D), bias));
    expectClose(embed(params, config, images(height), stored).tokens, tf.stack(expected, 1), { relative: 1e-5 });
  }
});

test("mlp is the convolution with the kernel, GELU and a linear map", () => {
  const config = configOf(kinds.mlp);
  const params = randomVit(config);
  const { output } = params.patchEmbedding;
  const hidden = gelu(convolved(params.patchEmbedding, images(), [4, 8]), "erf");
  expectClose(embed(params, config, images(), stored).tokens, linear(asTokens(hidden), output!.kernel, output!.bias), { relative: 1e-6 });
});

test("attention on one tile adds its value, put out; on six tiles, exchanging two exchanges their tokens", () => {
  const config = configOf(kinds.attention);
  const params = randomVit(config);
  const { attention } = params.patchEmbedding;
  const alone = images(4, 8);
  const projected = asTokens(convolved(params.patchEmbedding, alone, [4, 8]));
  const value = linear(projected, attention!.value.kernel, attention!.value.bias);
  const expected = tf.add(projected, linear(value, attention!.output.kernel, attention!.output.bias));
  expectClose(embed(params, config, alone, stored).tokens, expected, { relative: 1e-6 });
  const [left, middle, right] = tf.split<tf.Tensor4D>(images(), 3, 2); // a column of tiles each
  const { tokens } = embed(params, config, images(), stored);
  const exchanged = embed(params, config, tf.concat([right, middle, left], 2), stored).tokens;
  const rows = tf.split(tf.reshape(tokens, [2, 2, 3, 6]), 3, 2);
  expectClose(exchanged, tf.reshape(tf.concat([rows[2], rows[1], rows[0]], 2), [2, 6, 6]), { relative: 1e-5 });
  const others = embed(params, config, tf.concat([left, middle, tf.zerosLike(right)], 2), stored).tokens;
  const changeOfFirst = tf.slice(tf.sub(others, tokens), [0, 0, 0], [2, 1, 6]);
  expect(tf.max(tf.abs(changeOfFirst)).dataSync()[0]).toBeGreaterThan(1e-3);
});

test("tile-cnn convolves each tile with zeros around it: the token of a tile is that of an image of the tile alone", () => {
  const config = configOf(kinds["tile-cnn"]);
  const params = randomVit(config);
  const { tokens } = embed(params, config, images(), stored);
  const tile = tf.slice(images(), [0, 4, 8, 0], [2, 4, 8, 3]); // second row, second column
  const map = gelu(convolution(params.patchEmbedding.convolution!, tile, 1), "erf");
  expectClose(tf.slice(tokens, [0, 4, 0], [2, 1, 6]), asTokens(convolved(params.patchEmbedding, map, [4, 8])), { relative: 1e-5 });
});

test.each([kinds["conv-stem"], kinds.hybrid])("$kind: the tokens are the convolution of the feature map with the kernel, with cells for pixels, also overlapping", (embedder) => {
  const config = configOf(embedder);
  const params = randomVit(config);
  const { kernel, stages } = params.patchEmbedding;
  const map = stages!.reduce<tf.Tensor4D>(stageByHand, images(16, 24));
  expect([kernel.shape, map.shape]).toEqual([[1, 2, 7, 6], [2, 4, 6, 7]]);
  const tokensAt = (stride: [number, number]) => asTokens(convolved(params.patchEmbedding, map, stride));
  expectClose(embed(params, config, images(16, 24), stored).tokens, tokensAt([1, 2]), { relative: 1e-5 });
  const overlapping = embed(params, config, images(16, 24), { scheme: patchScheme([4, 8], [4, 4]) });
  expect(overlapping.grid).toEqual({ gridHeight: 4, gridWidth: 5 });
  expectClose(overlapping.tokens, tokensAt([1, 1]), { relative: 1e-5 });
});

test("a hybrid whose residual branches end in zeros is the conv stem of its stages", () => {
  const hybrid = mapLeaves(randomVit(configOf(kinds.hybrid)), (leaf, path) => (path.includes("/second/") ? tf.zerosLike(leaf) : tf.clone(leaf)));
  const stages = hybrid.patchEmbedding.stages!.map(({ convolution, norm }) => ({ convolution, norm }));
  const { tokens } = embed(hybrid, configOf(kinds.hybrid), images(), stored);
  expectClose(embed(withEmbedding(hybrid, { stages }), configOf(kinds["conv-stem"]), images(), stored).tokens, tokens, { relative: 1e-6 });
});

test.each(all)("%s: another patch size is a model of that size with the kernel resized beforehand", (_name, embedder) => {
  const config = configOf(embedder);
  const params = randomVit(config);
  const cells: [number, number] = params.patchEmbedding.stages ? [2, 1] : [8, 4];
  const other = withEmbedding(params, { kernel: resizePatchKernel(params.patchEmbedding.kernel, cells, config.kernelResize) });
  const scheme = patchScheme([8, 4]);
  const { tokens, grid } = embed(params, config, images(16, 12), { scheme });
  expect(grid).toEqual({ gridHeight: 2, gridWidth: 3 });
  expectClose(tokens, embed(other, { ...config, patchSize: [8, 4] }, images(16, 12), { scheme }).tokens, { relative: 1e-6 });
});

test.each(all)("%s: cropping leaves out pixels as if they were not there", (_name, embedder) => {
  const params = randomVit(configOf(embedder));
  const large = images(11, 26);
  const cropped = embed(params, configOf(embedder), large, { ...stored, remainder: "crop" });
  expectClose(cropped.tokens, embed(params, configOf(embedder), tf.slice(large, [0, 0, 0, 0], [2, 8, 24, 3]), stored).tokens, { relative: 1e-6 });
});

test.each(all)("%s: the gradients by its weights and by the images are those of finite differences, at another patch size", (_name, embedder) => {
  const config = configOf(embedder);
  const params = randomVit(config);
  // The softmax does not see a shift that all keys share: the gradient of that bias is rounding.
  const weights = leaves(params.patchEmbedding).filter(({ path }) => path !== "attention/key/bias");
  const run = (pixels: tf.Tensor, ...changed: tf.Tensor[]) => {
    const byPath = new Map(weights.map(({ path }, index) => [path, changed[index]]));
    const patchEmbedding = mapLeaves(params.patchEmbedding, (leaf, path) => byPath.get(path) ?? leaf);
    return embed({ ...params, patchEmbedding }, config, pixels as tf.Tensor4D, { scheme: patchScheme(8) }).tokens;
  };
  // Small, for the curvature of the norms; one direction each.
  checkGradient(run as (...inputs: tf.Tensor[]) => tf.Tensor, [images(8, 16, 1), ...weights.map(({ tensor }) => tensor)], { step: 2 ** -8, directions: 1 });
});

test("each kind of positions adds its rows to the tokens, at the stored grid and another, resampled as the config says", () => {
  const positionInterpolation = referenceInterpolations.timm.positions;
  const bare = configOf(kinds.linear, { dim: 8, positionInterpolation });
  const params = randomVit(bare);
  const rowsOf = (kind: VitConfig["positions"], positions: PositionParams | undefined, grid: Grid): tf.Tensor2D => {
    const learned = positions as { grid: tf.Tensor3D; sequence: tf.Tensor2D; rows: tf.Tensor2D; columns: tf.Tensor2D; direction: tf.Tensor1D };
    if (kind === "grid") return resizePositions(learned.grid, grid, positionInterpolation);
    if (kind === "sequence") return sequencePositions(learned.sequence, grid, positionInterpolation);
    if (kind === "factorised") return factorisedPositions(learned, grid, positionInterpolation);
    return kind === "index" ? indexPositions(learned.direction, grid) : sinCosPositions(grid, 8);
  };
  for (const kind of ["grid", "sequence", "factorised", "index", "sin-cos"] as const) {
    const config: VitConfig = { ...bare, positions: kind };
    const { positions } = randomVit(config, 2);
    for (const scheme of [patchScheme([4, 8]), patchScheme([2, 6])]) {
      const { tokens, grid } = embed({ ...params, positions }, config, images(), { scheme });
      expectClose(tokens, tf.add(embed(params, bare, images(), { scheme }).tokens, rowsOf(kind, positions, grid)), { relative: 1e-6 });
    }
  }
});

test("schemes that a stem of stride 4 cannot cut are refused, with one that it can", () => {
  const config = configOf(kinds["conv-stem"]);
  const params = randomVit(config);
  const refused = (scheme: Cut["scheme"], got: string, instead: string) =>
    expect(() => embed(params, config, images(12, 24), { scheme })).toThrow(
      new Error(`embed(scheme): expected patch sizes and strides that are multiples of the stem's 4 pixels, got ${got}. Use ${instead}, say.`),
    );
  refused(patchScheme(6), "6", "8");
  refused(patchScheme([1, 8]), "1x8", "4x8");
  refused(patchScheme(12, 6), "12x12/6x6", "12x12/8x8");
  expect(() => embed(params, config, images(10, 24), stored)).toThrow("gridOf(imageSize): expected patches of 4x8 to cover the image 10x24");
});

test.each(all)("%s: nothing is left behind, forward or backward", (_name, embedder) => {
  const config = configOf(embedder, { positions: "factorised" });
  const params = randomVit(config);
  const pixels = images();
  const cut: Cut = { scheme: patchScheme([8, 4]), remainder: "crop" };
  expectNoLeak(() => embed(params, config, pixels, cut));
  expectNoLeak(() => tf.grad((x: tf.Tensor) => embed(params, config, x as tf.Tensor4D, cut).tokens)(pixels));
});
