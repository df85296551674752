import { referenceInterpolations, type Interpolation } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { imageLikeCovariance } from "./covariance.ts";
import { resizeCertificate } from "./resize-certificate.ts";
import { resizePatchKernel } from "./resize-patch-kernel.ts";

const antialias: Interpolation = { ...referenceInterpolations.timmFlexi.patchKernel, antialias: true };

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

test("equal sizes keep everything", () => {
  const kept = { from: [5, 7], to: [5, 7], exact: true, dcGain: 1, conditionNumber: 1, whiteTokenError: 0 };
  expect(resizeCertificate([5, 7], [5, 7])).toEqual(kept);
  expect(resizeCertificate([5, 7], [5, 7], { covariance: imageLikeCovariance([5, 7]) })).toEqual({ ...kept, imageTokenError: 0 });
});

test("growing is exact and keeps a constant; shrinking one side is not exact", () => {
  for (const to of [[9, 8], [5, 11], [48, 7]] as const) {
    const { exact, dcGain } = resizeCertificate([5, 7], to);
    expect(exact).toBe(true);
    expect(dcGain).toBeCloseTo(1, 12);
  }
  expect(resizeCertificate([5, 7], [9, 6]).exact).toBe(false);
  expect(resizeCertificate([5, 7], [9, 8], { method: "bilinear" }).exact).toBe(false);
});

test.each([
  [15, 0.54],
  [12, 0.36],
  [10, 0.24],
  [8, 0.25],
])("PI-resize from 32 to %i keeps %f of a constant without antialias, at least 0.986 with it", (to, gain) => {
  expect(resizeCertificate(32, to).dcGain.toFixed(2)).toBe(gain.toFixed(2));
  expect(resizeCertificate(32, to, { interpolation: antialias }).dcGain).toBeGreaterThanOrEqual(0.986);
});

test.each(["pi", "bilinear", "area"] as const)("dcGain is what happens to the token of a constant patch under %s", (method) => {
  const kernel = tf.ones([8, 5, 1, 1]) as tf.Tensor4D;
  const before = 40; // a patch of ones
  const after = tf.sum(resizePatchKernel(kernel, [3, 7], { method })).dataSync()[0];
  expect(resizeCertificate([8, 5], [3, 7], { method }).dcGain).toBeCloseTo(after / before, 5);
});

test("the condition number is the product over both sides: of 2 -> 1 and of 2 -> 3", () => {
  // [1/2, 1/2] has one singular value. [[1, 0], [1/2, 1/2], [0, 1]]' of itself is [[5, 1], [1, 5]] / 4: 3/2 and 1.
  expect(resizeCertificate(2, 1).conditionNumber).toBeCloseTo(1, 12);
  expect(resizeCertificate(2, [1, 3]).conditionNumber).toBeCloseTo(Math.sqrt(1.5), 12);
  expect(resizeCertificate(2, 3).conditionNumber).toBeCloseTo(1.5, 12);
});

test("norm, which depends on the kernel, has no certificate", () => {
  expect(() => resizeCertificate(8, 4, { method: "norm" })).toThrow(
    new Error('resizeCertificate(method): expected a method that is linear in the kernel: pi, bilinear or area, got "norm". Use kernelTokenError, which sees the kernel.'),
  );
  expect(() => resizeCertificate(8, [4, 2.5])).toThrow("resizeCertificate(to): expected whole pixels above 0");
});
