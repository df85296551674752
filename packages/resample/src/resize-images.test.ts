import { checkGradient, expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resizeImages } from "./resize-images.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const images = () => tf.randomUniform<tf.Rank.R4>([2, 6, 10, 3], -1, 1, "float32", 1);

test("equal sizes change nothing, and a constant image stays constant at any size", () => {
  expectClose(resizeImages(images(), [6, 10]), images());
  expectClose(resizeImages(tf.fill([1, 6, 10, 2], 0.25), [4, 3]), tf.fill([1, 4, 3, 2], 0.25), { relative: 1e-6 });
});

test("mixing and resizing may change places, so that teacher and student see one mixture", () => {
  const [a, b] = [images(), tf.reverse(images(), 0)];
  const mix = (x: tf.Tensor4D, y: tf.Tensor4D): tf.Tensor4D => tf.add(tf.mul(x, 0.7), tf.mul(y, 0.3));
  expectClose(resizeImages(mix(a, b), [4, 7]), mix(resizeImages(a, [4, 7]), resizeImages(b, [4, 7])), { relative: 1e-5 });
});

test("half the size is the mean under a triangle four pixels wide, as PyTorch's bilinear with antialias", () => {
  const row = tf.tensor4d([[[[1], [5], [2], [8]]]]); // [1, 1, 4, 1]
  // Weights (3, 3, 1) / 7 at both ends.
  expectClose(resizeImages(row, [1, 2]), tf.tensor4d([[[[(3 * 1 + 3 * 5 + 2) / 7], [(5 + 3 * 2 + 3 * 8) / 7]]]]), { relative: 1e-6 });
});

test("has its gradient, refuses another rank, and leaves nothing behind", () => {
  checkGradient((x: tf.Tensor4D) => resizeImages(x, [4, 7]), [images()]);
  expect(() => resizeImages(tf.zeros([6, 10, 3]) as unknown as tf.Tensor4D, [4, 7])).toThrow(
    new Error("resizeImages(images): expected axes [batch, height, width, channels], got shape [6, 10, 3]. Reshape it to rank 4."),
  );
  const kept = images();
  expectNoLeak(() => resizeImages(kept, [4, 7]));
});
