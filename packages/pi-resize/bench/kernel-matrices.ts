/**
 * Milliseconds for the matrices of a 32x32 kernel at the paper's ten sizes, from scratch and kept, for the moments of an
 * image and for the general form: node --conditions=@flexivit/source bench/kernel-matrices.ts
 */
import { useEngine } from "@flexivit/engine";
import { certificateTable, imageLikeCovariance, patchCovariance, resizePatchKernel, resizePatchKernelGeneral, type KernelResize } from "@flexivit/pi-resize";
import { matrixOf } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const sizes = [48, 40, 30, 24, 20, 16, 15, 12, 10, 8];
const kernel: tf.Tensor4D = tf.ones([32, 32, 1, 1]); // so small that its matrices are all the work

function time(name: string, work: () => unknown): void {
  const start = performance.now();
  tf.tidy(() => void work());
  console.log(`${name.padEnd(58)} ${(performance.now() - start).toFixed(1).padStart(8)} ms`);
}

tf.tidy(() => resizePatchKernel(kernel, 31, { method: "bilinear" })); // starts the engine
const allSizes = (options: Partial<KernelResize>) => () => sizes.map((to) => resizePatchKernel(kernel, to, options));
time("ten sizes, pi, from scratch", allSizes({}));
time("ten sizes, pi, kept", allSizes({}));
const covariance = imageLikeCovariance(32);
time("ten sizes, weighted, from scratch", allSizes({ covariance }));
time("ten sizes, weighted, kept", allSizes({ covariance }));
time("ten certificates", () => certificateTable(32, sizes));
time("moments of all 32x32 windows of a 240x240x3 image", () => patchCovariance(32).add(tf.randomNormal([1, 240, 240, 3])));
const full = matrixOf(1024, 1024, (i, k) => 0.97 ** Math.hypot(Math.floor(i / 32) - Math.floor(k / 32), (i % 32) - (k % 32)));
for (const to of [8, 12, 16]) time(`general form, 32 to ${to}`, () => resizePatchKernelGeneral(kernel, to, full));
