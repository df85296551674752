import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { roiAlign, type Region } from "./index.ts";

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const arrays = await readFixture("detect/box-ops.npz");
const map = () => fixtureTensor<tf.Tensor4D>(arrays["roi_align/features_nhwc"]); // [2, 16, 20, 3]
const values = Array.from(arrays["roi_align/rois"].data);
const regions = Array.from({ length: values.length / 5 }, (_, i) => values.slice(5 * i, 5 * i + 5) as unknown as Region);
const fromTorch = (name: string) => tf.transpose(fixtureTensor<tf.Tensor4D>(arrays[name]), [0, 2, 3, 1]); // the reference has channels first
const noise = { absolute: 1e-5 }; // the reference's own is 2e-6
const options = { size: [7, 7], scale: 0.25, samples: 2 } as const;

test("the whole of a map in as many bins as cells, one sample each, is the map", () => {
  const whole: Region[] = [[1, 0, 0, 20, 16], [0, 0, 0, 20, 16]];
  expectClose(roiAlign(map(), whole, { size: [16, 20], samples: 1 }), tf.reverse(map(), 0), noise);
});

test("7 regions of 2 maps equal torchvision's: with 2 samples, with as many as cells, and in the older convention", () => {
  expectClose(roiAlign(map(), regions, options), arrays["roi_align/aligned_sr2_nhwc"], noise);
  expectClose(roiAlign(map(), regions, { ...options, samples: undefined }), fromTorch("roi_align/aligned_adaptive"), noise);
  expectClose(roiAlign(map(), regions, { ...options, aligned: false }), fromTorch("roi_align/legacy_sr2"), noise);
});

test("the gradient by the map equals torchvision's, and that of finite differences", () => {
  const total = (x: tf.Tensor) => tf.sum(tf.mul(roiAlign(x as tf.Tensor4D, regions, options), fromTorch("roi_align/cotangent")));
  expectClose(tf.grad(total)(map()), fromTorch("roi_align/grad_features_nchw"), noise);
  checkGradient((x: tf.Tensor4D) => roiAlign(x, [regions[0]], { size: [3, 5], scale: 0.25 }), [map()]);
});

test("images that are not there, regions and sizes that cannot be are refused", () => {
  expect(() => roiAlign(map(), [[2, 0, 0, 1, 1]], options)).toThrow(
    new Error("roiAlign(regions[0]): expected an image from 0 to 1, got 2. Its index in the batch comes first."),
  );
  expect(() => roiAlign(map(), [[0, 0, NaN, 1, 1]], options)).toThrow(
    new Error("roiAlign(regions[0]): expected 4 finite numbers after the image, got 0, NaN, 1, 1. Remove the region."),
  );
  expect(() => roiAlign(map(), regions, { size: [7, 0] })).toThrow(new Error("roiAlign(size): expected whole numbers above 0, got 0. 7x7 bins of 2 samples are usual."));
});

test("nothing is left behind, forward or backward", () => {
  const x = map();
  expectNoLeak(() => roiAlign(x, regions, options));
  expectNoLeak(() => tf.grad((y) => tf.sum(roiAlign(y as tf.Tensor4D, regions, options)))(x));
});
