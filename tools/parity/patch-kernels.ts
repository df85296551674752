import { resizePatchKernel, type KernelResize } from "@flexivit/pi-resize";
import type { Interpolation } from "@flexivit/resample";
import { fixtureTensor, readFixture } from "@flexivit/testing";
import * as tf from "@tensorflow/tfjs-core";
import { largestDifference, largestOf, type Comparison } from "./comparison.ts";

type Size = [height: number, width: number];
type Pair = { key: string; kernel: string; from: Size; to: Size; arrays: string[]; max_abs_err_vs_float64: Record<string, number> };

const [bilinear, bilinearAntialias, bicubic, bicubicAntialias] = (["bilinear", "bicubic"] as const).flatMap((kernel) =>
  [false, true].map((antialias): Interpolation => ({ kernel, antialias, alignment: "half-pixel" })),
);

const kernelMethods: Record<string, [reference: string, resize: KernelResize]> = {
  bv_bilinear: ["big_vision", { method: "pi", interpolation: bilinear }],
  float64_bilinear: ["NumPy, float64", { method: "pi", interpolation: bilinear }],
  timm_bilinear: ["timm", { method: "pi", interpolation: bilinear }],
  timm_bilinear_aa: ["timm, antialias", { method: "pi", interpolation: bilinearAntialias }],
  timm_bicubic: ["timm, bicubic", { method: "pi", interpolation: bicubic }],
  timm_bicubic_aa: ["timm, bicubic, antialias", { method: "pi", interpolation: bicubicAntialias }],
  vanilla_bilinear: ["TensorFlow, no pseudo-inverse", { method: "bilinear", interpolation: bilinear }],
  norm_bilinear: ["norm heuristic", { method: "norm", interpolation: bilinear }],
  area_bilinear: ["area heuristic", { method: "area", interpolation: bilinear }],
};

/** Patch kernels resized by PI-resize and its rivals. */
export async function patchKernelComparisons(): Promise<Comparison[]> {
  const arrays = await readFixture("pi-resize.npz");
  const { pairs } = await readFixture<{ pairs: Pair[] }>("pi-resize.json");
  return pairs.flatMap(({ key, kernel, from, to, arrays: stored, max_abs_err_vs_float64: noise }) =>
    stored.filter((method) => method in kernelMethods).map((method): Comparison => {
      const [reference, resize] = kernelMethods[method];
      const expected = arrays[`${key}/${method}`];
      const difference = tf.tidy(() => largestDifference(resizePatchKernel(fixtureTensor(arrays[kernel]), to, resize), expected));
      const allowed = Math.max(10 * (noise[method] ?? 0), 1e-5 * largestOf(expected));
      return { area: "Patch kernels", name: `${from.join("x")} to ${to.join("x")}`, reference, difference, allowed };
    }),
  );
}
