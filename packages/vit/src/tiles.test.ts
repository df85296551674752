import { patchScheme } from "@flexivit/patch-schemes";
import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tiles } from "./tiles.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const randomImages = (height: number, width: number) => tf.randomUniform([2, height, width, 3], -1, 1, "float32", 1) as tf.Tensor4D;

test("a 4x6 image of 0 to 23 in tiles of 2x3: each tile row by row, the tiles row by row", () => {
  const { tiles: cut, grid } = tiles(tf.reshape(tf.range(0, 24), [1, 4, 6, 1]), patchScheme([2, 3]), "error");
  expect(grid).toEqual({ gridHeight: 2, gridWidth: 2 });
  expectClose(cut, tf.tensor3d([[[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11], [12, 13, 14, 18, 19, 20], [15, 16, 17, 21, 22, 23]]]));
});

test.each([
  ["side by side", 8, 15, [4, 5], [4, 5], [2, 3]],
  ["overlapping in both directions", 8, 14, [4, 5], [2, 3], [3, 4]],
  ["overlapping in width only", 8, 13, [4, 5], [4, 2], [2, 5]],
  ["one tile", 4, 5, [4, 5], [4, 5], [1, 1]],
  ["with 3 rows and 2 columns left over", 11, 17, [4, 5], [4, 5], [2, 3]],
  ["overlapping, with a row and 2 columns left over", 9, 16, [4, 5], [2, 3], [3, 4]],
] as const)("%s: tiles times a kernel are the convolution without padding", (_name, height, width, patchSize, stride, [gridHeight, gridWidth]) => {
  const images = randomImages(height, width);
  const kernel = tf.randomNormal([...patchSize, 3, 7], 0, 1, "float32", 2) as tf.Tensor4D;
  const { tiles: cut, grid } = tiles(images, patchScheme(patchSize, stride), "crop");
  expect(grid).toEqual({ gridHeight, gridWidth });
  expect(cut.shape).toEqual([2, gridHeight * gridWidth, 60]);
  const tokens = tf.matMul(cut, tf.reshape(kernel, [60, 7]));
  const convolved = tf.conv2d(images, kernel, [...stride], "valid");
  expectClose(tokens, tf.reshape(convolved, tokens.shape), { relative: 1e-6 }); // float32 sums of 60 products
});

test("the gradient adds up where tiles overlap, as finite differences do", () => {
  checkGradient((images) => tiles(images, patchScheme([4, 5], [2, 3]), "crop").tiles, [randomImages(9, 11)]);
});

test("images of another rank, a patch larger than the image and pixels left over are refused", () => {
  expect(() => tiles(tf.zeros([8, 8, 3]) as unknown as tf.Tensor4D, patchScheme(4), "error")).toThrow(
    new Error("tiles(images): expected axes [batch, height, width, channels], got shape [8, 8, 3]. Reshape it to rank 4."),
  );
  expect(() => tiles(randomImages(4, 5), patchScheme([4, 6]), "crop")).toThrow(
    "gridOf(imageSize): expected an image no smaller than one patch of 4x6 pixels, got 4x5.",
  );
  expect(() => tiles(randomImages(8, 9), patchScheme(4), "error")).toThrow(
    "gridOf(imageSize): expected patches of 4x4 to cover the image 8x9, got a remainder of 1 pixel in width.",
  );
});

test("nothing is left behind, forward or backward", () => {
  const images = randomImages(9, 11);
  for (const scheme of [patchScheme(3), patchScheme(3, 2)]) {
    expectNoLeak(() => tiles(images, scheme, "crop"));
    expectNoLeak(() => tf.grad((x: tf.Tensor) => tiles(x as tf.Tensor4D, scheme, "crop").tiles)(images));
  }
});
