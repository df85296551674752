import { expectClose, readFixture } from "@flexivit/testing";
import { describe, expect, test } from "vitest";
import { referenceInterpolations, type Interpolation } from "./interpolation.ts";
import type { Matrix } from "./matrix.ts";
import { resizeMatrix } from "./resize-matrix.ts";

const { bigVision, bigVisionAtLoad, timm, timmFlexi } = referenceInterpolations;
const bicubic: Interpolation = { kernel: "bicubic", antialias: false, alignment: "half-pixel" };
const bicubicCorner: Interpolation = { kernel: "bicubic", antialias: false, alignment: "corner" };
const area: Interpolation = { kernel: "area", antialias: false, alignment: "half-pixel" };
const every = [timmFlexi.positions, bigVision.positions, bicubic, timm.positions, bigVisionAtLoad.positions, bicubicCorner, area];
const nameOf = ({ kernel, antialias, alignment }: Interpolation) => `${kernel}${antialias ? " antialias" : ""} ${alignment}`;

const rowsOf = ({ rows, columns, values }: Matrix) =>
  Array.from({ length: rows }, (_, o) => Array.from(values.slice(o * columns, (o + 1) * columns)));

describe.each(every.map((interpolation) => [nameOf(interpolation), interpolation] as const))("%s", (_name, interpolation) => {
  test("equal sizes give the identity, bit by bit", () => {
    for (const size of [1, 2, 7, 32]) {
      const identity = Array.from({ length: size }, (_, o) => Array.from({ length: size }, (_, i) => (o === i ? 1 : 0)));
      expect(rowsOf(resizeMatrix(size, size, interpolation))).toEqual(identity);
    }
  });

  test("every row sums to 1 and the matrix is the same from both ends", () => {
    for (const [from, to] of [[7, 3], [3, 7], [5, 8], [8, 5], [32, 48], [13, 2], [2, 11]]) {
      const { values } = resizeMatrix(from, to, interpolation);
      for (const row of rowsOf(resizeMatrix(from, to, interpolation))) {
        expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14);
      }
      expect(Array.from(values).reverse().map((v) => v.toFixed(12))).toEqual(Array.from(values, (v) => v.toFixed(12)));
    }
  });
});

test.each([bigVision.patchKernel, bigVisionAtLoad.positions])("bilinear, $alignment keeps a straight ramp straight between the ends", (interpolation) => {
  const scale = interpolation.alignment === "corner" ? 23 / 17 : 24 / 18;
  const start = interpolation.alignment === "corner" ? 0 : scale / 2 - 0.5;
  for (const [o, row] of rowsOf(resizeMatrix(24, 18, interpolation)).entries()) {
    if (o < 1 || o > 16) continue; // the outermost outputs lie next to the cut-off ends
    expect(row.reduce((sum, weight, i) => sum + weight * i, 0)).toBeCloseTo(start + o * scale, 12);
  }
});

test("bicubic without antialias is Keys' with a = -0.75, taps beyond the ends counting for the ends", () => {
  // Half-way between two samples the four weights are -3/32, 19/32, 19/32, -3/32.
  expect(rowsOf(resizeMatrix(4, 2, bicubic))).toEqual([
    [0.5, 0.59375, -0.09375, 0],
    [0, -0.09375, 0.59375, 0.5],
  ]);
  expect(rowsOf(resizeMatrix(3, 5, bicubicCorner))[1]).toEqual([0.5, 0.59375, -0.09375]);
});

test("bicubic with antialias is Keys' with a = -0.5, cut off at the ends and renormalised", () => {
  // 2 samples to 4: at -1/4 the weights of samples 0 and 1 are 111/128 and -9/128; divided by their sum 102/128.
  expect(rowsOf(resizeMatrix(2, 4, timm.positions))[0].map((weight) => weight.toFixed(14))).toEqual([111 / 102, -9 / 102].map((weight) => weight.toFixed(14)));
});

test("area averages by the covered share: 5 samples to 2 weigh the shared one by half", () => {
  expect(rowsOf(resizeMatrix(5, 2, area))).toEqual([
    [0.4, 0.4, 0.2, 0, 0],
    [0, 0, 0.2, 0.4, 0.4],
  ]);
  expect(rowsOf(resizeMatrix(2, 3, area))).toEqual([
    [1, 0],
    [0.5, 0.5],
    [0, 1],
  ]);
});

type Case = { key: string; grid: string; from: [number, number]; to: [number, number] };
type Pair = { key: string; kernel: string; from: [number, number]; to: [number, number] };

/** y[o, p, c] = sum H[o, i] W[p, j] x[i, j, c] in float64: an independent, slow apply. */
function applyBoth(x: ArrayLike<number>, height: Matrix, width: Matrix, channels: number): Float64Array {
  const y = new Float64Array(height.rows * width.rows * channels);
  for (let o = 0; o < height.rows; o++)
    for (let p = 0; p < width.rows; p++)
      for (let i = 0; i < height.columns; i++)
        for (let j = 0; j < width.columns; j++) {
          const weight = height.values[o * height.columns + i] * width.values[p * width.columns + j];
          if (weight === 0) continue;
          for (let c = 0; c < channels; c++) y[(o * width.rows + p) * channels + c] += weight * x[(i * width.columns + j) * channels + c];
        }
  return y;
}

// Ours is float64, so the difference is the float32 noise of the reference: up to 3.1e-6 on grids and 8.9e-6 on kernels.
test.each([
  ["jax_linear", "jax.image.resize linear", bigVision.positions],
  ["timm_bicubic_aa", "timm bicubic with antialias", timm.positions],
  ["timm_bilinear", "timm bilinear without antialias", timmFlexi.positions],
] as const)("%s: equals %s within 3.5e-6 on grids of position embeddings", async (array, _name, interpolation) => {
  const arrays = await readFixture("pos-embed.npz");
  const { resize } = await readFixture<{ resize: Case[] }>("pos-embed.json");
  expect(resize.length).toBeGreaterThan(20);
  for (const { key, grid, from, to } of resize) {
    const [height, width] = [0, 1].map((axis) => resizeMatrix(from[axis], to[axis], interpolation));
    const ours = applyBoth(arrays[grid].data, height, width, arrays[grid].shape[2]);
    expectClose(ours, arrays[`${key}/${array}`].data, { absolute: 3.5e-6 });
  }
});

test("corner alignment equals scipy.ndimage.zoom of order 1 within 2e-7", async () => {
  const arrays = await readFixture("pos-embed.npz");
  const { zoom } = await readFixture<{ zoom: Case[] }>("pos-embed.json");
  expect(zoom.length).toBeGreaterThan(10);
  for (const { key, grid, from, to } of zoom) {
    const [height, width] = [0, 1].map((axis) => resizeMatrix(from[axis], to[axis], bigVisionAtLoad.positions));
    const ours = applyBoth(arrays[grid].data, height, width, arrays[grid].shape[2]);
    expectClose(ours, arrays[key].data, { absolute: 2e-7 });
  }
});

test("bilinear without antialias equals tf.image.resize within 1e-5 on patch kernels", async () => {
  const arrays = await readFixture("pi-resize.npz");
  const { pairs } = await readFixture<{ pairs: Pair[] }>("pi-resize.json");
  expect(pairs).toHaveLength(47);
  for (const { key, kernel, from, to } of pairs) {
    const [height, width] = [0, 1].map((axis) => resizeMatrix(from[axis], to[axis], bigVision.patchKernel));
    const channels = arrays[kernel].shape[2] * arrays[kernel].shape[3];
    const ours = applyBoth(arrays[kernel].data, height, width, channels);
    expectClose(ours, arrays[`${key}/vanilla_bilinear`].data, { absolute: 1e-5 });
  }
});

test("a matrix is computed once and shared", () => {
  expect(resizeMatrix(31, 17, area)).toBe(resizeMatrix(31, 17, { ...area }));
  expect(resizeMatrix(31, 17, area)).not.toBe(resizeMatrix(31, 17, bicubic));
});

test("lengths that are none and interpolations that do not exist are refused", () => {
  expect(() => resizeMatrix(0, 5, area)).toThrow(
    new Error("resizeMatrix(from): expected a whole number of samples above 0, got 0. Round the size to whole pixels or cells."),
  );
  expect(() => resizeMatrix(7, 2.5, area)).toThrow("resizeMatrix(to): expected a whole number of samples above 0, got 2.5.");
  expect(() => resizeMatrix(7, 5, { ...area, kernel: "lanczos" as "area" })).toThrow(
    new Error('resizeMatrix(kernel): expected one of bilinear, bicubic, area, got "lanczos". Use one of these values.'),
  );
  expect(() => resizeMatrix(7, 5, { ...area, alignment: "corner" })).toThrow('resizeMatrix(alignment): expected "half-pixel" for area, got "corner".');
  expect(() => resizeMatrix(7, 5, { kernel: "bilinear", antialias: true, alignment: "corner" })).toThrow(
    new Error(
      'resizeMatrix(alignment): expected "half-pixel" for antialias, got "corner". Corner alignment exists for bilinear and bicubic without antialias.',
    ),
  );
});
