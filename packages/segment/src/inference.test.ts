import { expectClose, expectNoLeak } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { multiScale } from "./multi-scale.ts";
import { slidingWindow } from "./sliding-window.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const images = (height: number, width: number) => tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;
/** Two scores that need one pixel alone. */
const perPixel = (x: tf.Tensor4D): tf.Tensor4D => {
  const [batch, height, width] = x.shape;
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, 3]), tf.tensor2d([[1, 0], [2, -1], [0, 3]])), [batch, height, width, 2]);
};

test("scores that need one pixel alone are the same in windows as in the whole, whatever window and stride", () => {
  const x = images(7, 11);
  for (const [windowPx, stridePx] of [[[3, 4], [2, 3]], [[7, 11], [7, 11]], [[4, 5], [4, 5]], [[20, 6], [5, 1]]] as const) {
    const sizes: string[] = [];
    const scores = slidingWindow(x, { windowPx, stridePx }, (part) => {
      sizes.push(String(part.shape.slice(1, 3)));
      return perPixel(part);
    });
    expectClose(scores, perPixel(x), { relative: 1e-6 });
    expect(new Set(sizes)).toEqual(new Set([[Math.min(7, windowPx[0]), windowPx[1]].join()]));
  }
});

test("windows of 4 with a stride of 3 over 9 columns start at 0, 3 and 5; a pixel is the mean of those that cover it", () => {
  let calls = 0;
  const scores = slidingWindow(tf.zeros([1, 2, 9, 1]), { windowPx: [2, 4], stridePx: [2, 3] }, (part) => tf.fill(part.shape, ++calls) as tf.Tensor4D);
  expect(calls).toBe(3);
  expectClose(tf.reshape(tf.slice(scores, [0, 0, 0, 0], [1, 1, 9, 1]), [9]), [1, 1, 1, 1.5, 2, 2.5, 2.5, 3, 3], { relative: 1e-6 });
});

test("one scale of 1 gives the probabilities of the logits, and a prediction without a side is not changed by mirror images", () => {
  const x = images(5, 8);
  expectClose(multiScale(x, { scales: [1] }, perPixel), tf.softmax(perPixel(x)), { relative: 1e-6 });
  expectClose(multiScale(x, { scales: [1], flip: true }, perPixel), tf.softmax(perPixel(x)), { relative: 1e-6 });
});

test("a prediction that knows left from right is averaged with its mirror image", () => {
  const x = tf.zeros([1, 1, 2, 1]) as tf.Tensor4D;
  const left = tf.log(tf.tensor4d([[[[0.9, 0.1], [0.5, 0.5]]]])) as tf.Tensor4D; // probabilities of columns 0 and 1
  expectClose(multiScale(x, { scales: [1], flip: true }, () => left), [0.7, 0.3, 0.7, 0.3], { relative: 1e-6 });
});

test("scales 0.5 and 2 of 10x14 px in multiples of 4x3 are seen as 4x6 and 20x27 and come back as the mean of two probabilities", () => {
  const seen: string[] = [];
  const logits = [tf.tensor1d([0, Math.log(3)]), tf.tensor1d([0, Math.log(7)])]; // 3/4 and 7/8
  const probabilities = multiScale(images(10, 14), { scales: [0.5, 2], multipleOfPx: [4, 3] }, (x) => {
    seen.push(String(x.shape));
    return tf.add(tf.zeros([2, x.shape[1], x.shape[2], 2]), logits[seen.length - 1]) as tf.Tensor4D;
  });
  expect(seen).toEqual(["2,4,6,3", "2,20,27,3"]);
  expectClose(probabilities, tf.add(tf.zeros([2, 10, 14, 2]), [3 / 16, 13 / 16]), { relative: 1e-6 });
});

test("strides beyond the window, windows that are none, no scale and wrong scores are refused", () => {
  const x = images(6, 6);
  expect(() => slidingWindow(x, { windowPx: [4, 4], stridePx: [2, 5] }, perPixel)).toThrow(
    new Error("slidingWindow(stridePx): expected whole pixels, 1 <= stride <= window, got a window of 4x4 and 2x5. Two thirds of the window is a common stride."),
  );
  expect(() => slidingWindow(x, { windowPx: [4, 3], stridePx: [2, 2] }, (part) => tf.slice(part, 0, [2, 2, 3, 3]))).toThrow(
    new Error("slidingWindow(predict): expected axes [batch=2, height=4, width=3, classes], got shape [2, 2, 3, 3]. Axis 1 must have length 4."),
  );
  expect(() => multiScale(x, { scales: [] }, perPixel)).toThrow(
    new Error("multiScale(scales): expected finite numbers above 0, got none. Use [1] for the images as they are."),
  );
  expect(() => multiScale(x, { scales: [1], multipleOfPx: [0, 4] }, perPixel)).toThrow(
    new Error("multiScale(multipleOfPx): expected whole pixels from 1 on, got 0x4. Use the patch size."),
  );
});

test("nothing is left behind, not even by a prediction that does not tidy, or that fails half way", () => {
  const x = images(6, 7);
  const untidy = (part: tf.Tensor4D) => perPixel(tf.mul(part, 2));
  expectNoLeak(() => slidingWindow(x, { windowPx: [3, 4], stridePx: [2, 2] }, untidy));
  expectNoLeak(() => multiScale(x, { scales: [0.5, 1.5], flip: true }, untidy));
  const failing = () => {
    let calls = 0;
    return slidingWindow(x, { windowPx: [3, 4], stridePx: [2, 2] }, (part) => (++calls === 3 ? (tf.zeros([1]) as unknown as tf.Tensor4D) : untidy(part)));
  };
  expectNoLeak(() => void expect(failing).toThrow(/^slidingWindow\(predict\)/));
});
