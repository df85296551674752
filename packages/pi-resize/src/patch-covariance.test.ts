import { expectClose, expectNoLeak, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SeparableCovariance } from "./covariance.ts";
import { patchCovariance } from "./patch-covariance.ts";

type Estimate = { size: [number, number]; stride: [number, number]; height: number[][]; width: number[][]; channels: number[][] };
const fixture = await readFixture<{ images: number[][][][]; estimates: Estimate[] }>("pi-resize/covariance.json");
const images = { shape: [2, 7, 9, 2], data: fixture.images.flat(3) };

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function expectSame(actual: SeparableCovariance, expected: SeparableCovariance, relative: number): void {
  for (const part of ["height", "width", "channels"] as const) expectClose((actual[part] ?? []).flat(), (expected[part] ?? []).flat(), { relative });
}

test("constant images are all DC: every entry is 1 but for the rounding on the diagonal", () => {
  const moments = patchCovariance([3, 2]);
  moments.add({ shape: [1, 5, 7, 1], data: Array.from({ length: 35 }, () => -0.3) });
  const { height, width, channels } = moments.covariance();
  expectClose(height.flat(), [1, 1, 1, 1, 1, 1, 1, 1, 1], { absolute: 1.1e-6 });
  expectClose(width.flat(), [1, 1, 1, 1], { absolute: 1.1e-6 });
  expect(height[1][1] - height[1][2]).toBeCloseTo(1e-6, 12);
  expect(channels).toEqual([[1 + 1e-6]]);
});

test.each(fixture.estimates)("windows of $size at a stride of $stride: equals numpy, which copies every window out, within 1e-12", (estimate) => {
  const moments = patchCovariance(estimate.size, { stride: estimate.stride });
  moments.add(images);
  expectSame(moments.covariance(), estimate, 1e-12);
});

test("batches add up: image by image, as a tensor or as numbers, the same and 2 * 5 * 6 patches", () => {
  const together = patchCovariance([3, 4]);
  together.add(images);
  const apart = patchCovariance([3, 4]);
  for (const image of fixture.images) apart.add(tf.tensor4d([image]));
  expect([together.patches(), apart.patches()]).toEqual([60, 60]);
  expectSame(apart.covariance(), together.covariance(), 1e-6); // a tensor is float32
});

test("images of known correlations along rows and columns give these: 0.9^k down, 0.5^k across, within 0.03", () => {
  const [height, width] = [400, 300];
  const noise = tf.randomNormal([height * width], 0, 1, "float32", 7).dataSync();
  const data = Float64Array.from(noise);
  // A first-order recursion along each axis, which keeps the variance at 1.
  for (let y = 0; y < height; y++) for (let x = 1; x < width; x++) data[y * width + x] = 0.5 * data[y * width + x - 1] + Math.sqrt(0.75) * data[y * width + x];
  for (let y = 1; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = 0.9 * data[(y - 1) * width + x] + Math.sqrt(0.19) * data[y * width + x];
  const moments = patchCovariance([5, 4]);
  moments.add({ shape: [1, height, width, 1], data });
  const covariance = moments.covariance();
  for (const [part, correlation] of [["height", 0.9], ["width", 0.5]] as const) {
    const expected = covariance[part].map((row, i) => row.map((_, k) => correlation ** Math.abs(i - k)));
    expectClose(covariance[part].flat(), expected.flat(), { absolute: 0.03 }); // the standard error of 120,000 correlated pixels is 0.01
  }
});

test("images that are too small, of other channels, not finite or none, and impossible sizes are refused", () => {
  const moments = patchCovariance([3, 4]);
  const add = (shape: number[], value = 1) => () => moments.add({ shape, data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => value) });
  expect(() => moments.covariance()).toThrow(
    new Error("patchCovariance.covariance(): expected images that are not zero everywhere, got none. Call add with images first."),
  );
  expect(add([1, 3, 3, 2])).toThrow(
    new Error("patchCovariance.add(images): expected at least 3x4 pixels, as a patch has, got 3x3. Leave smaller images out or enlarge them."),
  );
  expect(add([1, 5, 5, 2], Infinity)).toThrow(new Error("patchCovariance.add(images): expected finite pixels, got one that is not. Check how the images were decoded."));
  expect(moments.patches()).toBe(0);
  moments.add(images);
  expect(add([1, 5, 5, 3])).toThrow(
    new Error("patchCovariance.add(images): expected 2 channels as before, got 3. Convert the images to the same channels."),
  );
  expect(() => moments.add({ shape: [1, 5, 5, 2], data: [1, 2] })).toThrow("got shape [1, 5, 5, 2] and 2 numbers");
  expect(() => moments.add(tf.zeros([5, 5, 2]) as unknown as tf.Tensor4D)).toThrow("expected axes [batch, height, width, channels], got shape [5, 5, 2]");
  expect(() => patchCovariance([3, 0])).toThrow("patchCovariance(size): expected whole pixels above 0");
  expect(() => patchCovariance(3, { stride: 0.5 })).toThrow("patchCovariance(stride): expected whole pixels above 0");
});

test("no tensor is left behind and the images are not touched", () => {
  const batch = tf.tensor4d(fixture.images);
  expectNoLeak(() => {
    patchCovariance([3, 4]).add(batch);
  });
  expect(batch.isDisposed).toBe(false);
});
