import { referenceInterpolations, type Interpolation } from "@flexivit/resample";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resizePositions } from "./resize-positions.ts";

const { bigVision, bigVisionAtLoad, timm, timmFlexi } = referenceInterpolations;

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const gridOf = ([gridHeight, gridWidth]: readonly number[]) => ({ gridHeight, gridWidth });
const randomPositions = (seed: number) => tf.randomNormal([5, 3, 2], 0, 1, "float32", seed) as tf.Tensor3D;

type Resize = { key: string; grid: string; from: number[]; to: number[] };
type Prefix = { key: string; tokens: string; from: number[]; to: number[] };

test("equal grids change nothing: tokens are the grid row by row", () => {
  const positions = randomPositions(1);
  for (const { positions: interpolation } of Object.values(referenceInterpolations)) {
    expectClose(resizePositions(positions, { gridHeight: 5, gridWidth: 3 }, interpolation), tf.reshape(positions, [15, 2]));
  }
});

test("an embedding that is the same everywhere is the same at every grid", () => {
  const positions = tf.broadcastTo(tf.tensor1d([2, -3]), [5, 3, 2]) as tf.Tensor3D;
  const tokens = resizePositions(positions, { gridHeight: 2, gridWidth: 7 });
  expectClose(tokens, tf.broadcastTo(tf.tensor1d([2, -3]), [14, 2]), { relative: 1e-6 });
});

// The float32 noise of the references is up to 3.1e-6 (jax, timm) and 1.2e-7 (scipy); ours is one rounding of short sums.
test.each([
  ["jax_linear", "the forward pass of big_vision's flexible models", bigVision.positions],
  ["timm_bicubic_aa", "timm", timm.positions],
  ["timm_bilinear", "timm's FlexiViT", timmFlexi.positions],
] as const)("%s: equals %s on every grid of the fixtures within 4e-6", async (array, _name, interpolation) => {
  const arrays = await readFixture("pos-embed.npz");
  const { resize } = await readFixture<{ resize: Resize[] }>("pos-embed.json");
  expect(resize.length).toBeGreaterThan(20);
  for (const { key, grid, to } of resize) {
    const tokens = resizePositions(fixtureTensor<tf.Tensor3D>(arrays[grid]), gridOf(to), interpolation);
    expectClose(tokens, arrays[`${key}/${array}`].data, { absolute: 4e-6 });
  }
});

test("big_vision's is what it does where nothing is said", async () => {
  const arrays = await readFixture("pos-embed.npz");
  const tokens = resizePositions(fixtureTensor<tf.Tensor3D>(arrays["grid/7x7"]), { gridHeight: 5, gridWidth: 9 });
  expectClose(tokens, arrays["7x7_to_5x9/jax_linear"].data, { absolute: 4e-6 });
});

test.each([
  ["timm_bicubic_aa", timm.positions],
  ["timm_bilinear", timmFlexi.positions],
] as const)("%s: rows after the prefix of timm's table are the grid row by row, before and after", async (array, interpolation) => {
  const arrays = await readFixture("pos-embed.npz");
  const { prefix } = await readFixture<{ prefix: Prefix[] }>("pos-embed.json");
  expect(prefix).toHaveLength(5);
  for (const { key, tokens, from, to } of prefix) {
    const [, length, dim] = arrays[tokens].shape;
    const table = fixtureTensor<tf.Tensor3D>(arrays[tokens]);
    const positions = tf.reshape(tf.slice(table, [0, 1, 0], [1, length - 1, dim]), [from[0], from[1], dim]) as tf.Tensor3D;
    const resized = resizePositions(positions, gridOf(to), interpolation);
    expectClose(tf.concat([tf.reshape(tf.slice(table, [0, 0, 0], [1, 1, dim]), [1, dim]), resized]), arrays[`${key}/${array}`].data, { absolute: 4e-6 });
  }
});

test("corner alignment equals big_vision's resize at load within 5e-7", async () => {
  const arrays = await readFixture("pos-embed.npz");
  const { zoom } = await readFixture<{ zoom: Resize[] }>("pos-embed.json");
  expect(zoom.length).toBeGreaterThan(10);
  for (const { key, grid, to } of zoom) {
    const tokens = resizePositions(fixtureTensor<tf.Tensor3D>(arrays[grid]), gridOf(to), bigVisionAtLoad.positions);
    expectClose(tokens, arrays[key].data, { absolute: 5e-7 });
  }
});

test("the gradient equals JAX's on every grid of the fixtures within 4e-6", async () => {
  const arrays = await readFixture("pos-embed.npz");
  const { resize } = await readFixture<{ resize: Resize[] }>("pos-embed.json");
  for (const { key, grid, to } of resize) {
    const cotangent = fixtureTensor<tf.Tensor3D>(arrays[`${key}/jax_linear_cotangent`]);
    const tokenCotangent = tf.reshape(cotangent, [to[0] * to[1], cotangent.shape[2]]) as tf.Tensor2D;
    const gradient = tf.grad((positions: tf.Tensor) => resizePositions(positions as tf.Tensor3D, gridOf(to)))(
      fixtureTensor<tf.Tensor3D>(arrays[grid]),
      tokenCotangent,
    );
    // JAX's own noise, up to 3.0e-6 on sums of up to 30 x 30 / 7 / 7 cotangents.
    expectClose(gradient, arrays[`${key}/jax_linear_grad`], { absolute: 4e-6 });
  }
});

test.each([
  ["timm", timm.positions],
  ["big_vision at load", bigVisionAtLoad.positions],
])("the gradient under the interpolation of %s is that of finite differences", (_name, interpolation: Interpolation) => {
  checkGradient((positions) => resizePositions(positions, { gridHeight: 4, gridWidth: 7 }, interpolation), [randomPositions(2)]);
});

test("a grid of another rank, one without patches and an unknown interpolation are refused", () => {
  expect(() => resizePositions(tf.zeros([49, 2]) as unknown as tf.Tensor3D, { gridHeight: 2, gridWidth: 2 })).toThrow(
    new Error("resizePositions(positions): expected axes [gridHeight, gridWidth, dim], got shape [49, 2]. Reshape it to rank 3."),
  );
  expect(() => resizePositions(randomPositions(3), { gridHeight: 7.5, gridWidth: 0 })).toThrow(
    new Error(
      "resizePositions(to): expected whole numbers of patches above 0, got { gridHeight: 7.5, gridWidth: 0 }. " +
        "Pass the grid of the tokens, as gridOf(scheme, imageSize) of @flexivit/patch-schemes gives it.",
    ),
  );
  expect(() =>
    resizePositions(randomPositions(3), { gridHeight: 7, gridWidth: 2 }, { kernel: "bicubic", antialias: false, alignment: "centre" as "corner" }),
  ).toThrow('resizeMatrix(alignment): expected one of half-pixel, corner, got "centre".');
});

test("nothing is left behind, forward or backward", () => {
  const positions = randomPositions(4);
  const to = { gridHeight: 2, gridWidth: 7 };
  expectNoLeak(() => resizePositions(positions, to));
  expectNoLeak(() => resizePositions(positions, { gridHeight: 5, gridWidth: 3 }));
  expectNoLeak(() => tf.valueAndGrad((x: tf.Tensor) => tf.sum(resizePositions(x as tf.Tensor3D, to)))(positions));
});
