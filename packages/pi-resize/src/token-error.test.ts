import { covarianceFactor, matrixOf, multiply, referenceInterpolations, resizeAxes, resizeMatrix, transpose, type Interpolation, type Matrix } from "@flexivit/resample";
import { expectClose, expectNoLeak, fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imageLikeCovariance, type SeparableCovariance } from "./covariance.ts";
import { kernelMatrix } from "./kernel-matrix.ts";
import { kernelTokenError } from "./kernel-token-error.ts";
import { patchCovariance } from "./patch-covariance.ts";
import { resizeCertificate, type CertificateOptions } from "./resize-certificate.ts";
import { resizePatchKernel } from "./resize-patch-kernel.ts";

const bilinear = referenceInterpolations.bigVision.patchKernel;
const antialiased: Interpolation = { ...bilinear, antialias: true };
const bicubicAntialiased = referenceInterpolations.timm.patchKernel;
const every = [bilinear, antialiased, { ...bicubicAntialiased, antialias: false }, bicubicAntialiased];

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const randomKernel = (shape: [number, number, number, number], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed) as tf.Tensor4D;
const squared = async (error: Promise<number>) => (await error) ** 2;

/** A kernel with the outer products of both factors' columns as outputs: it loses what kernels of that covariance lose in the mean. */
function kernelOfCovariance({ height, width }: SeparableCovariance): tf.Tensor4D {
  const [down, across] = [height, width].map((rows) => covarianceFactor(matrixOf(rows.length, rows.length, (i, k) => rows[i][k])));
  const tensor = ({ rows, columns, values }: Matrix) => tf.tensor2d(Float32Array.from(values), [rows, columns]);
  const all = tf.mul(tf.reshape(tensor(down), [down.rows, 1, down.columns, 1]), tf.reshape(tensor(across), [1, across.rows, 1, across.columns]));
  return tf.reshape(all, [down.rows, across.rows, 1, down.columns * across.columns]);
}

/** The kernel with an output per pixel. */
const everyPixel = ([height, width]: readonly [number, number]) => tf.reshape(tf.eye(height * width), [height, width, 1, height * width]) as tf.Tensor4D;

describe("in the mean over white kernels", () => {
  test.each([[32, 8], [32, 30], [5, 3]])("PI-resize of white patches from %i to %i keeps a subspace: the error is sqrt(1 - to^2 / from^2)", (from, to) => {
    for (const interpolation of every) expect(resizeCertificate(from, to, { interpolation }).whiteTokenError).toBeCloseTo(Math.sqrt(1 - (to / from) ** 2), 12);
  });

  test("one side grown and one shrunk loses what the shrunk side loses", () => {
    expect(resizeCertificate([16, 12], [40, 5]).whiteTokenError).toBeCloseTo(Math.sqrt(1 - 5 / 12), 12);
  });

  test("every growing pair of sizes up to 48 is exact, square or not, for every interpolation", () => {
    const sizes = [1, 2, 3, 5, 8, 13, 14, 16, 30, 32, 47, 48];
    for (const interpolation of every)
      for (const from of sizes)
        for (const to of sizes.filter((size) => size > from)) {
          const resize = { method: "pi", interpolation } as const;
          const back = multiply(transpose(resizeMatrix(from, to, interpolation)), kernelMatrix("height", from, to, resize));
          expectClose(back.values, matrixOf(from, from, (row, column) => (row === column ? 1 : 0)).values, { absolute: 1e-13 });
        }
  });

  test("a growing resize that is exact has an error below 1e-12, also for patches of a covariance", () => {
    for (const options of [{}, { patchCovariance: imageLikeCovariance([5, 7]) }, { covariance: imageLikeCovariance([5, 7]) }]) {
      const { exact, whiteTokenError, imageTokenError = 0 } = resizeCertificate([5, 7], [6, 11], options);
      expect(exact).toBe(true);
      expect(Math.max(whiteTokenError, imageTokenError)).toBeLessThan(1e-12);
    }
  });

  test("area from 4 to 2 keeps the means of 2x2 pixels and loses the rest: sqrt(3 / 4), with a DC gain of 1", () => {
    // R is [1/2, 1/2] twice, so R'M = 2 R'R is a projection on half of the directions per side.
    const halves: Interpolation = { ...bilinear, kernel: "area" };
    expect(resizeCertificate(4, 2, { method: "area", interpolation: halves }).whiteTokenError).toBeCloseTo(Math.sqrt(1 - 1 / 4), 12);
    expect(resizeCertificate(4, 2, { method: "area", interpolation: halves }).dcGain).toBeCloseTo(1, 12);
  });
});

describe("of a given kernel", () => {
  test("a kernel with one output per pixel loses what white kernels lose in the mean, under every linear method", async () => {
    const patchCovariance = imageLikeCovariance([6, 5], 0.9);
    const kernel = everyPixel([6, 5]);
    for (const to of [[3, 4], [4, 7]] as const)
      for (const method of ["pi", "bilinear", "area"] as const) {
        const options: CertificateOptions = { method, patchCovariance, patchInterpolation: antialiased };
        const { imageTokenError = NaN, whiteTokenError } = resizeCertificate([6, 5], to, options);
        expect(Math.abs((await kernelTokenError(kernel, to, options)) / imageTokenError - 1)).toBeLessThan(1e-5); // float32
        const white = await kernelTokenError(kernel, to, { method, patchInterpolation: antialiased });
        expect(Math.abs(white / whiteTokenError - 1)).toBeLessThan(1e-5);
      }
  });

  test.each(["pi", "bilinear", "norm", "area"] as const)("%s: equals the root mean square over 27 patches themselves, channels correlated", async (method) => {
    // Patches that are products a[i] b[j] g[c] of 3 x 3 x 3 choices have moments that are products exactly.
    const draw = (shape: [number, number], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed) as tf.Tensor2D;
    const [down, across, deep] = [draw([3, 5], 1), draw([3, 4], 2), draw([3, 2], 3)];
    const moments = (factor: tf.Tensor2D) => (tf.matMul(factor, factor, true) as tf.Tensor2D).arraySync();
    const patches = tf.reshape(
      tf.mul(tf.mul(tf.reshape(down, [3, 1, 1, 5, 1, 1]), tf.reshape(across, [1, 3, 1, 1, 4, 1])), tf.reshape(deep, [1, 1, 3, 1, 1, 2])),
      [27, 5, 4, 2],
    ) as tf.Tensor4D;
    const kernel = randomKernel([5, 4, 2, 3], 4);
    const before = embed(patches, kernel);
    const after = embed(resizePatches(patches, [3, 6], bilinear), resizePatchKernel(kernel, [3, 6], { method }));
    const measured = rootMeanSquare(tf.sub(after, before)) / rootMeanSquare(before);
    const patchCovariance = { height: moments(down), width: moments(across), channels: moments(deep) };
    const error = await kernelTokenError(kernel, [3, 6], { method, patchCovariance });
    expect(Math.abs(error / measured - 1)).toBeLessThan(1e-4); // float32 of three sums
  });

  test("a kernel weighted for some patches is judged on those named, or else on its own", async () => {
    const kernel = randomKernel([6, 5, 1, 4], 8);
    const [own, others] = [imageLikeCovariance([6, 5], 0.5), imageLikeCovariance([6, 5], 0.99)];
    const [onOwn, onOthers, unnamed] = await Promise.all([
      kernelTokenError(kernel, 3, { covariance: own, patchCovariance: own }),
      kernelTokenError(kernel, 3, { covariance: own, patchCovariance: others }),
      kernelTokenError(kernel, 3, { covariance: own }),
    ]);
    expect(unnamed).toBe(onOwn);
    expect(onOthers).toBeLessThan(onOwn / 2); // smoother patches lose less
  });

  test("from 32 to 8, kernels and patches of neighbours correlated by 0.917 lose 0.56 of E|token|^2 without antialias, 0.003 with, 0.020 by area, 0.0024 weighted", async () => {
    const patchCovariance = imageLikeCovariance(32, 0.917);
    const kernel = kernelOfCovariance(patchCovariance);
    const share = (options: CertificateOptions) => squared(kernelTokenError(kernel, 8, { patchCovariance, ...options }));
    expect(await share({})).toBeCloseTo(0.564, 3);
    expect(await share({ interpolation: antialiased })).toBeCloseTo(0.0027, 4);
    expect(await share({ method: "area", patchInterpolation: antialiased })).toBeCloseTo(0.0201, 4);
    expect(await share({ interpolation: antialiased, covariance: patchCovariance })).toBeCloseTo(0.0024, 4);
  });

  test("another rank, size or channel count is refused", async () => {
    const kernel = randomKernel([4, 5, 2, 3], 5);
    await expect(kernelTokenError(tf.zeros([4, 5, 2]) as unknown as tf.Tensor4D, 3)).rejects.toThrow(
      new Error("kernelTokenError(kernel): expected axes [patchHeight, patchWidth, channels, dim], got shape [4, 5, 2]. Reshape it to rank 4."),
    );
    await expect(kernelTokenError(kernel, 2.5)).rejects.toThrow("kernelTokenError(to): expected whole pixels above 0");
    await expect(kernelTokenError(kernel, 3, { patchCovariance: { ...imageLikeCovariance([4, 5]), channels: [[1]] } })).rejects.toThrow(
      "kernelTokenError(covariance.channels): expected [2, 2] numbers, as the stored kernel is 2 channels deep, got [1, 1].",
    );
    expect(() => resizeCertificate([4, 5], 3, { patchCovariance: imageLikeCovariance(4) })).toThrow("resizeCertificate(covariance.width): expected [5, 5] numbers");
  });

  test("no tensor is left behind and the kernel is not touched", async () => {
    const kernel = randomKernel([4, 5, 2, 3], 6);
    await expectNoLeak(() => kernelTokenError(kernel, [3, 6], { patchCovariance: imageLikeCovariance([4, 5]) }));
    expect(kernel.isDisposed).toBe(false);
  });
});

/** In float64: WebAssembly adds up in float32 one by one. */
function rootMeanSquare(x: tf.Tensor): number {
  return Math.sqrt(x.dataSync<"float32">().reduce((sum, value) => sum + value * value, 0) / x.size);
}

/** The tokens [patches, dim] of patches [patches, height, width, channels] under a kernel. */
function embed(patches: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor2D {
  return tf.matMul(tf.reshape(patches, [patches.shape[0], -1]), tf.reshape(kernel, [-1, kernel.shape[3]]));
}

function resizePatches(patches: tf.Tensor4D, to: [number, number], interpolation: Interpolation): tf.Tensor4D {
  return resizeAxes(patches, [0, 1].map((side) => ({ axis: side + 1, matrix: resizeMatrix(patches.shape[side + 1], to[side], interpolation) })));
}

describe("on the patches of a photograph, 32x32 to 8x8 with antialias", async () => {
  const { "chelsea/tf_bilinear_u8": photograph } = await readFixture("images/preprocess.npz");
  const positions = Array.from({ length: 14 }, (_, i) => 16 * i); // 196 patches that overlap by half

  /** sqrt(E|token error|^2 / E|token|^2) over the patches themselves, resized and embedded, beside what the covariance foretells. */
  function errors(options: (covariance: SeparableCovariance) => CertificateOptions): { measured: number; foretold: number } {
    const image = tf.sub(tf.div(fixtureTensor<tf.Tensor3D>(photograph), 127.5), 1);
    const moments = patchCovariance(32);
    moments.add(tf.expandDims<tf.Tensor4D>(image));
    const covariance = moments.covariance();
    const windows = tf.stack(positions.flatMap((y) => positions.map((x) => tf.slice(image, [y, x, 0], [32, 32, 3]))));
    const patches = tf.reshape(tf.transpose(windows, [0, 3, 1, 2]), [-1, 32, 32, 1]) as tf.Tensor4D; // each channel a patch of its own
    const kernel = everyPixel([32, 32]); // loses what white kernels lose in the mean
    const before = embed(patches, kernel);
    const after = embed(resizePatches(patches, [8, 8], antialiased), resizePatchKernel(kernel, 8, options(covariance)));
    const foretold = resizeCertificate(32, 8, { ...options(covariance), patchCovariance: covariance, patchInterpolation: antialiased }).imageTokenError ?? NaN;
    return { measured: rootMeanSquare(tf.sub(after, before)) / rootMeanSquare(before), foretold };
  }

  test.each<[string, (covariance: SeparableCovariance) => CertificateOptions, number]>([
    ["pi without antialias", () => ({}), 0.869987],
    ["pi", () => ({ interpolation: antialiased }), 0.188347],
    ["area", () => ({ method: "area", interpolation: antialiased }), 0.220004],
    ["pi weighted by the photograph's own covariance", (covariance) => ({ interpolation: antialiased, covariance }), 0.151089],
    ["pi weighted by an image-like covariance", () => ({ interpolation: antialiased, covariance: imageLikeCovariance(32) }), 0.151366],
  ])("%s loses what numpy measures, and within a tenth what a covariance by rows and columns foretells", (_name, options, expected) => {
    const { measured, foretold } = errors(options);
    expect(measured).toBeCloseTo(expected, 5); // numpy in float64, all pixels at once; ours is float32
    expect(Math.abs(foretold / measured - 1)).toBeLessThan(0.1);
  });
});
