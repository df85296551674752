import { matrixOf, multiply, pseudoInverse, referenceInterpolations, resizeMatrix, transpose, type Interpolation, type Matrix } from "@flexivit/resample";
import { checkGradient, expectClose, expectNoLeak, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imageLikeCovariance, type SeparableCovariance } from "./covariance.ts";
import { kernelMatrix } from "./kernel-matrix.ts";
import { resizeCertificate } from "./resize-certificate.ts";
import { resizePatchKernelGeneral } from "./resize-patch-kernel-general.ts";
import { resizePatchKernel } from "./resize-patch-kernel.ts";

type Case = {
  from: [number, number];
  to: [number, number];
  antialias: boolean;
  height: number[][];
  width: number[][];
  full: number[][];
  weighted: number[][];
  general: number[][];
  errors: Record<"white" | "plain" | "weighted", number>;
};

const bilinear = referenceInterpolations.bigVision.patchKernel;
const antialiased: Interpolation = { ...bilinear, antialias: true };
const bicubic: Interpolation = { ...bilinear, kernel: "bicubic" };
const bicubicAntialiased: Interpolation = { ...bicubic, antialias: true };
const { cases } = await readFixture<{ cases: Case[] }>("pi-resize/covariance.json");
const named = cases.map((one) => [`${one.from.join("x")} to ${one.to.join("x")}, antialias ${one.antialias}`, one] as const);

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const randomKernel = (shape: [number, number, number, number], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed) as tf.Tensor4D;
const matrixOfRows = (rows: number[][]) => matrixOf(rows.length, rows[0].length, (row, column) => rows[row][column]);

function kronecker(a: Matrix, b: Matrix): Matrix {
  const entry = (m: Matrix, row: number, column: number) => m.values[row * m.columns + column];
  return matrixOf(a.rows * b.rows, a.columns * b.columns, (row, column) =>
    entry(a, Math.floor(row / b.rows), Math.floor(column / b.columns)) * entry(b, row % b.rows, column % b.columns));
}

/** The kernel with an output per pixel: resized, it is the matrix that resizes kernels. */
const everyPixel = ([height, width]: readonly [number, number]) => tf.reshape(tf.eye(height * width), [height, width, 1, height * width]) as tf.Tensor4D;

describe("weighted by a covariance that is a product over the axes", () => {
  test("white patches give plain pi, growing, shrinking and mixed", () => {
    const eye = (n: number) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => (i === k ? 3 : 0)));
    const kernel = randomKernel([5, 7, 2, 3], 1);
    for (const to of [[3, 4], [8, 9], [4, 9]] as const) {
      const weighted = resizePatchKernel(kernel, to, { covariance: { height: eye(5), width: eye(7) } });
      expectClose(weighted, resizePatchKernel(kernel, to), { relative: 1e-6 }); // two roundings of the same matrix
    }
  });

  test("equal sizes change nothing, bit by bit", () => {
    const kernel = randomKernel([5, 3, 2, 7], 2);
    expectClose(resizePatchKernel(kernel, [5, 3], { covariance: imageLikeCovariance([5, 3]) }), kernel);
  });

  test.each([bilinear, antialiased, bicubic, bicubicAntialiased])("growing, it is plain pi for image-like patches too: $kernel, antialias $antialias", (interpolation) => {
    for (const [from, to] of [[[3, 5], [7, 8]], [[16, 16], [17, 48]], [[8, 14], [30, 14]]] as const) {
      const kernel = randomKernel([...from, 1, 2], 3);
      const covariance = imageLikeCovariance(from, 0.99); // variances from 1 to 1/3200
      expectClose(resizePatchKernel(kernel, to, { interpolation, covariance }), resizePatchKernel(kernel, to, { interpolation }), { relative: 1e-6 });
    }
  });

  test.each(named)("%s: equals numpy's (R S R')^+ R S of all pixels at once within 1e-6", (_name, { from, to, antialias, height, width, weighted }) => {
    const interpolation = antialias ? antialiased : bilinear;
    const matrix = resizePatchKernel(everyPixel(from), to, { interpolation, covariance: { height, width } });
    expectClose(tf.reshape(matrix, [to[0] * to[1], from[0] * from[1]]), matrixOfRowsAsNumbers(weighted), { relative: 1e-6 });
  });

  test.each(named)("%s: the certificate's errors are numpy's within 1e-9", (_name, { from, to, antialias, height, width, errors }) => {
    const interpolation = antialias ? antialiased : bilinear;
    const plain = resizeCertificate(from, to, { interpolation, patchCovariance: { height, width } });
    const weighted = resizeCertificate(from, to, { interpolation, covariance: { height, width } });
    // Where nothing is lost numpy's float64 leaves 1e-13 to 1e-12, ours less.
    expect(Math.abs(plain.whiteTokenError - errors.white)).toBeLessThan(1e-9);
    expect(Math.abs((plain.imageTokenError ?? NaN) - errors.plain)).toBeLessThan(1e-9);
    expect(Math.abs((weighted.imageTokenError ?? NaN) - errors.weighted)).toBeLessThan(1e-9);
    if (!plain.exact) expect(weighted.imageTokenError).toBeLessThan((plain.imageTokenError ?? NaN) * 0.999);
  });

  test("correlated channels cancel: with 2 channels of correlation 0.8 the kernel [4, 3] to [3, 5] is the same", () => {
    const { height, width } = imageLikeCovariance([4, 3], 0.7);
    const channels = [[1, 0.8], [0.8, 2]];
    const resize = kronecker(kronecker(resizeMatrix(4, 3, bilinear), resizeMatrix(3, 5, bilinear)), resizeMatrix(2, 2, bilinear));
    const covariance = kronecker(kronecker(matrixOfRows(height as number[][]), matrixOfRows(width as number[][])), matrixOfRows(channels));
    const seen = multiply(resize, covariance);
    const matrix = multiply(pseudoInverse(multiply(seen, transpose(resize))), seen); // [3 * 5 * 2, 4 * 3 * 2]
    const kernel = randomKernel([4, 3, 2, 2], 4);
    const all = tf.matMul(tf.tensor2d(Float32Array.from(matrix.values), [30, 24]), tf.reshape(kernel, [24, 2]));
    expectClose(resizePatchKernel(kernel, [3, 5], { covariance: { height, width, channels } }), tf.reshape(all, [3, 5, 2, 2]), { relative: 2e-6 });
  });

  test("patches that are all constant leave a kernel the sum of its weights, and nothing else is needed", () => {
    const ones = (n: number) => Array.from({ length: n }, () => Array.from({ length: n }, () => 1));
    const kernel = randomKernel([5, 4, 2, 3], 5);
    const resized = resizePatchKernel(kernel, [2, 3], { covariance: { height: ones(5), width: ones(4) } });
    expectClose(tf.sum(resized, [0, 1]), tf.sum(kernel, [0, 1]), { relative: 1e-6 });
    expectClose(resized, tf.mul(tf.ones([2, 3, 1, 1]), tf.mean(resized, [0, 1], true)), { relative: 1e-6 });
  });

  test("the gradient reaches the shared kernel, as finite differences show", () => {
    const covariance = imageLikeCovariance([5, 3]);
    checkGradient((shared) => resizePatchKernel(shared, [3, 7], { covariance }), [randomKernel([5, 3, 2, 2], 6)]);
  });

  test("a covariance of another size, of numbers that are none, without symmetry, or beside another method is refused", () => {
    const kernel = randomKernel([4, 5, 1, 2], 7);
    const resizeWith = (covariance: SeparableCovariance, method: "pi" | "area" = "pi") => () => resizePatchKernel(kernel, 3, { method, covariance });
    const { height, width } = imageLikeCovariance([4, 5]);
    expect(resizeWith({ height: width, width })).toThrow(
      new Error(
        "resizePatchKernel(covariance.height): expected [4, 4] numbers, as the stored kernel is 4 pixels high, got [5, 5]. " +
          "Estimate it with patchCovariance at the kernel's size.",
      ),
    );
    expect(resizeWith({ height } as unknown as SeparableCovariance)).toThrow("resizePatchKernel(covariance.width): expected [5, 5] numbers, as the stored kernel is 5 pixels wide, got none.");
    expect(resizeWith({ height, width: width.with(2, [1, 2, NaN, 4, 5]) })).toThrow(
      "resizePatchKernel(covariance.width): expected [5, 5] numbers, as the stored kernel is 5 pixels wide, got one that is not finite.",
    );
    expect(resizeWith({ height, width: width.with(0, [1, 0.5, 0, 0, 0]) })).toThrow("covarianceFactor(covariance): expected the same numbers on both sides of the diagonal");
    expect(resizeWith({ height, width }, "area")).toThrow(
      new Error('resizePatchKernel(covariance): expected none for the method area, which does not use it, got one. Use the method "pi".'),
    );
    expect(() => imageLikeCovariance(8, 1)).toThrow(
      new Error("imageLikeCovariance(correlation): expected a number between 0 and 1, got 1. Take 0.97 for photographs."),
    );
  });
});

describe("weighted by any covariance", () => {
  test("of a product over the axes it is the separable one, growing, shrinking and mixed", () => {
    for (const [from, to] of [[[5, 4], [3, 3]], [[3, 4], [6, 5]], [[5, 3], [3, 4]], [[12, 10], [5, 7]]] as const) {
      const { height, width } = imageLikeCovariance(from, 0.9);
      const full = kronecker(matrixOfRows(height as number[][]), matrixOfRows(width as number[][]));
      const kernel = randomKernel([...from, 2, 3], 8);
      const separable = resizePatchKernel(kernel, to, { covariance: { height, width } });
      expectClose(resizePatchKernelGeneral(kernel, to, full), separable, { relative: 2e-6 });
    }
  });

  test.each(named)("%s: equals numpy's (R S R')^+ R S within 1e-6", (_name, { from, to, antialias, full, general }) => {
    const matrix = resizePatchKernelGeneral(everyPixel(from), to, matrixOfRows(full), { interpolation: antialias ? antialiased : bilinear });
    expectClose(tf.reshape(matrix, [to[0] * to[1], from[0] * from[1]]), matrixOfRowsAsNumbers(general), { relative: 1e-6 });
  });

  test("equal sizes change nothing, the gradient is that of finite differences and nothing is left behind", () => {
    const { full } = cases[0]; // of 5x4 pixels
    const covariance = matrixOfRows(full);
    const kernel = randomKernel([5, 4, 2, 3], 9);
    expectClose(resizePatchKernelGeneral(kernel, [5, 4], covariance), kernel);
    checkGradient((shared) => resizePatchKernelGeneral(shared, [3, 6], covariance), [kernel]);
    expectNoLeak(() => resizePatchKernelGeneral(kernel, [3, 6], covariance));
    expectNoLeak(() => tf.valueAndGrad((shared: tf.Tensor) => tf.sum(resizePatchKernelGeneral(shared as tf.Tensor4D, 3, covariance)))(kernel));
  });

  test("a covariance of another size is refused", () => {
    expect(() => resizePatchKernelGeneral(randomKernel([4, 4, 1, 2], 10), 3, matrixOfRows(cases[0].full))).toThrow(
      new Error("resizePatchKernelGeneral(covariance): expected [16, 16], as the kernel has 4x4 pixels, got [20, 20]. Estimate it at the kernel's size."),
    );
  });
});

function matrixOfRowsAsNumbers(rows: number[][]) {
  return { shape: [rows.length, rows[0].length], data: rows.flat() };
}

test("a weighted matrix is made once per covariance, side and pair of sizes", () => {
  const weighted = { method: "pi", interpolation: bilinear, covariance: imageLikeCovariance([7, 5]) } as const;
  expect(kernelMatrix("height", 7, 4, weighted)).toBe(kernelMatrix("height", 7, 4, { ...weighted }));
  expect(kernelMatrix("height", 7, 4, weighted)).not.toBe(kernelMatrix("height", 7, 3, weighted));
  const other = { ...weighted, covariance: imageLikeCovariance([7, 5]) };
  expect(kernelMatrix("height", 7, 4, weighted)).not.toBe(kernelMatrix("height", 7, 4, other));
});

test("a config with a covariance survives JSON: the same kernel, bit by bit", () => {
  const resize = { method: "pi", interpolation: antialiased, covariance: imageLikeCovariance([5, 3]) } as const;
  const kernel = randomKernel([5, 3, 2, 2], 11);
  expectClose(resizePatchKernel(kernel, 2, JSON.parse(JSON.stringify(resize))), resizePatchKernel(kernel, 2, resize));
});

test("nothing is left behind with a covariance, forward or backward", () => {
  const kernel = randomKernel([5, 3, 2, 2], 12);
  const covariance = imageLikeCovariance([5, 3]);
  expectNoLeak(() => resizePatchKernel(kernel, [3, 7], { covariance }));
  expectNoLeak(() => tf.valueAndGrad((shared: tf.Tensor) => tf.sum(resizePatchKernel(shared as tf.Tensor4D, 8, { covariance })))(kernel));
});
