import { referenceInterpolations, type Interpolation } from "@flexivit/resample";
import { checkGradient, expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KernelResize } from "./kernel-resize.ts";
import { resizePatchKernel } from "./resize-patch-kernel.ts";

const bilinear = referenceInterpolations.timmFlexi.patchKernel;
const bilinearAntialias: Interpolation = { ...bilinear, antialias: true };
const bicubicAntialias = referenceInterpolations.timm.patchKernel;
const bicubic: Interpolation = { ...bicubicAntialias, antialias: false };

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const randomKernel = (shape: [number, number, number, number], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed) as tf.Tensor4D;

/** The tokens [patches, dim] of patches [patches, height, width, channels] under a kernel. */
function embed(patches: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor2D {
  const dim = kernel.shape[3];
  return tf.matMul(tf.reshape(patches, [patches.shape[0], -1]), tf.reshape(kernel, [-1, dim]));
}

/** Patches resized like images: the plain method works on any [height, width, ...]; the patches go last and back. */
function resizePatches(patches: tf.Tensor4D, to: [number, number], interpolation: Interpolation): tf.Tensor4D {
  const resized = resizePatchKernel(tf.transpose(patches, [1, 2, 3, 0]), to, { method: "bilinear", interpolation });
  return tf.transpose(resized, [3, 0, 1, 2]);
}

test.each(["pi", "bilinear", "norm", "area"] as const)("equal sizes change nothing under %s", (method) => {
  const kernel = randomKernel([5, 3, 2, 7], 1);
  // norm divides two equal norms.
  expectClose(resizePatchKernel(kernel, [5, 3], { method }), kernel, { relative: method === "norm" ? 1e-6 : 0 });
});

const growing: [[number, number], [number, number]][] = [
  [[8, 8], [9, 30]],
  [[16, 16], [17, 48]],
  ...[[1, 2], [3, 5], [5, 3], [8, 14]].flatMap(([height, width]) =>
    [0, 1, 7].flatMap((taller) => [0, 2, 11].map((wider): [[number, number], [number, number]] => [[height, width], [height + taller, width + wider]])),
  ),
];
const everyInterpolation = [bilinear, bilinearAntialias, bicubic, bicubicAntialias, { ...bilinear, kernel: "area" }, { ...bilinear, alignment: "corner" }] as const satisfies Interpolation[];

test.each(everyInterpolation)("growing kernel and patch alike leaves every token as it was, for 38 pairs: $kernel, antialias $antialias, $alignment", (interpolation) => {
  for (const [[height, width], to] of growing) {
    const kernel = randomKernel([height, width, 2, 3], 2);
    const patches = tf.randomNormal([4, height, width, 2], 0, 1, "float32", 3) as tf.Tensor4D;
    const resized = embed(resizePatches(patches, to, interpolation), resizePatchKernel(kernel, to, { interpolation }));
    // Sums of up to 1,632 float32 products of numbers of order 1, relative to tokens of order 30.
    expectClose(resized, embed(patches, kernel), { relative: 5e-6 });
  }
});

test("shrinking is the best a kernel can do: no small change of it brings tokens nearer, for white patches", () => {
  const kernel = randomKernel([7, 5, 1, 1], 4);
  const shrunk = resizePatchKernel(kernel, [3, 4]);
  const unit = tf.reshape(tf.eye(35), [35, 7, 5, 1]) as tf.Tensor4D; // every patch of one pixel
  const patches = resizePatches(unit, [3, 4], bilinear);
  const error = (candidate: tf.Tensor4D) => tf.sum(tf.square(tf.sub(embed(patches, candidate), embed(unit, kernel))));
  const slope = tf.grad((candidate: tf.Tensor) => error(candidate as tf.Tensor4D))(shrunk);
  expectClose(slope, tf.zerosLike(slope), { absolute: 1e-5 });
  expect(error(shrunk).dataSync()[0]).toBeLessThan(error(tf.mul(shrunk, 1.01)).dataSync()[0]);
});

type Pair = {
  key: string;
  kernel: string;
  from: [number, number];
  to: [number, number];
  arrays: string[];
  max_abs_err_vs_float64: Record<string, number>;
};

const references: [array: string, call: string, options: Partial<KernelResize>][] = [
  ["bv_bilinear", "big_vision resample_patchemb", {}],
  ["float64_bilinear", "the float64 pseudo-inverse where one side grows and one shrinks", {}],
  ["timm_bilinear", "timm resample_patch_embed, bilinear", { interpolation: bilinear }],
  ["timm_bilinear_aa", "timm resample_patch_embed, bilinear with antialias", { interpolation: bilinearAntialias }],
  ["timm_bicubic_aa", "timm resample_patch_embed, its default", { interpolation: bicubicAntialias }],
  ["timm_bicubic", "timm resample_patch_embed, bicubic", { interpolation: bicubic }],
  ["vanilla_bilinear", "tf.image.resize", { method: "bilinear" }],
  ["norm_bilinear", "tf.image.resize, norms kept", { method: "norm" }],
  ["area_bilinear", "tf.image.resize, times the area factor", { method: "area" }],
];

test.each(references)("%s: equals %s on every pair of the fixtures within the reference's own float32 noise", async (array, _call, options) => {
  const arrays = await readFixture("pi-resize.npz");
  const { pairs } = await readFixture<{ pairs: Pair[] }>("pi-resize.json");
  const stored = pairs.filter((pair) => pair.arrays.includes(array));
  expect(stored.length).toBeGreaterThan(6);
  for (const pair of stored) {
    const expected = arrays[`${pair.key}/${array}`];
    const resized = resizePatchKernel(fixtureTensor<tf.Tensor4D>(arrays[pair.kernel]), pair.to, options);
    // Ours is float64 matrices on float32 kernels: one rounding of short sums. The rest is the reference's.
    const ownRounding = 1e-6 * largest(expected.data);
    expectClose(resized, expected, { absolute: noiseOf(array, pair) + ownRounding });
  }
});

/** How far the reference is from float64: stored for all but the scaled ones, whose noise is scaled too. */
function noiseOf(array: string, { from, to, max_abs_err_vs_float64: noise }: Pair): number {
  if (array === "float64_bilinear") return 0;
  return noise[array] ?? noise["vanilla_bilinear"] * ((from[0] * from[1]) / (to[0] * to[1]));
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((found, value) => Math.max(found, Math.abs(value)), 0);
}

test.each(["pi", "bilinear", "norm", "area"] as const)("the gradient of %s reaches the shared kernel, as finite differences show", (method) => {
  const kernel = randomKernel([5, 3, 2, 2], 5);
  checkGradient((shared) => resizePatchKernel(shared, [3, 7], { method }), [kernel]);
});

test("a kernel whose output is zero everywhere keeps a finite value and gradient under norm", () => {
  const kernel = tf.zeros([3, 3, 1, 2]) as tf.Tensor4D;
  const { value, grad } = tf.valueAndGrad((shared: tf.Tensor) => tf.sum(resizePatchKernel(shared as tf.Tensor4D, 5, { method: "norm" })))(kernel);
  expectClose(value, 0);
  expect(grad.dataSync().every(Number.isFinite)).toBe(true);
});

test("a kernel of another rank, a size that is none and an unknown method are refused", () => {
  const kernel = tf.zeros([4, 4, 3, 2]) as tf.Tensor4D;
  expect(() => resizePatchKernel(tf.zeros([4, 4, 3]) as unknown as tf.Tensor4D, 8)).toThrow(
    new Error("resizePatchKernel(kernel): expected axes [patchHeight, patchWidth, channels, dim], got shape [4, 4, 3]. Reshape it to rank 4."),
  );
  expect(() => resizePatchKernel(kernel, [8, 0])).toThrow(
    new Error("resizePatchKernel(to): expected whole pixels above 0, as 12 or [12, 10] (height, width), got [8,0]. Round the patch size to whole pixels."),
  );
  expect(() => resizePatchKernel(kernel, 8, { method: "nearest" as "pi" })).toThrow(
    new Error('resizePatchKernel(method): expected one of pi, bilinear, norm, area, got "nearest". Use one of these names.'),
  );
  expect(() => resizePatchKernel(kernel, 8, { interpolation: { ...bilinear, kernel: "lanczos" as "area" } })).toThrow(
    "resizeMatrix(kernel): expected one of bilinear, bicubic, area",
  );
});

test("nothing is left behind, forward or backward, and the kernel is not touched", () => {
  const kernel = randomKernel([5, 3, 2, 2], 6);
  for (const method of ["pi", "bilinear", "norm", "area"] as const) {
    expectNoLeak(() => resizePatchKernel(kernel, [3, 7], { method }));
    expectNoLeak(() => resizePatchKernel(kernel, [5, 3], { method }));
    expectNoLeak(() => tf.valueAndGrad((shared: tf.Tensor) => tf.sum(resizePatchKernel(shared as tf.Tensor4D, 8, { method })))(kernel));
  }
});
