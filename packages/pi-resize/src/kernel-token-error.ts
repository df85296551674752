import { axes } from "@flexivit/axes";
import { resizeAxes, resizeMatrix, transpose, type AxisResize, type Interpolation } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { checkCovariance, matrixOfRows, type SeparableCovariance } from "./covariance.ts";
import { kernelResizeOf } from "./kernel-resize.ts";
import { sizeOf, type PatchSize } from "./patch-size.ts";
import type { CertificateOptions } from "./resize-certificate.ts";
import { resizePatchKernel } from "./resize-patch-kernel.ts";

/**
 * sqrt(E|token error|^2 / E|token|^2) of one kernel, all its outputs together: what it loses at another patch size.
 *
 * The error is e' x per output with e = w - R' w_new, so its mean square is e' S e over patches x with E[x x'] = S, the token's
 * is w' S w. Computed in float32: an error below 1e-6 is rounding.
 *
 * @param kernel [patchHeight, patchWidth, channels, dim], float32
 * @param to patch size in pixels: a number for squares, or [height, width]
 * @param options any method, `norm` too. Patches are white where no covariance is given; `channels` counts here.
 * @throws where the kernel has another rank, or the size, method, interpolation or covariance is impossible.
 */
export async function kernelTokenError(kernel: tf.Tensor4D, to: PatchSize, options: CertificateOptions = {}): Promise<number> {
  const { patchHeight, patchWidth, channels } = axes(kernel, "kernelTokenError(kernel)", "patchHeight patchWidth channels dim");
  sizeOf(to, "kernelTokenError(to)");
  const { patchCovariance, patchInterpolation, ...resize } = options;
  const { covariance, interpolation } = kernelResizeOf(resize, [patchHeight, patchWidth], "kernelTokenError");
  const patches = patchCovariance ?? covariance;
  if (patches) checkCovariance(patches, [patchHeight, patchWidth], "kernelTokenError", channels);
  const ratio = tf.tidy(() => {
    const error: tf.Tensor4D = tf.sub(kernel, answeredBy(resizePatchKernel(kernel, to, resize), [patchHeight, patchWidth], patchInterpolation ?? interpolation));
    return tf.sqrt(tf.div(meanSquare(error, patches), meanSquare(kernel, patches)));
  });
  try {
    return (await ratio.data())[0];
  } finally {
    ratio.dispose();
  }
}

/** R' w_new [patchHeight, patchWidth, channels, dim]: the kernel that answers patches as w_new answers them once resized. */
function answeredBy(resized: tf.Tensor4D, from: readonly [number, number], patchInterpolation: Interpolation): tf.Tensor4D {
  const back = ([0, 1] as const).map((axis): AxisResize => ({ axis, matrix: transpose(resizeMatrix(from[axis], resized.shape[axis], patchInterpolation)) }));
  return resizeAxes(resized, back);
}

/** sum over outputs of w' S w */
function meanSquare(kernel: tf.Tensor4D, covariance: SeparableCovariance | undefined): tf.Tensor {
  if (covariance === undefined) return tf.sum(tf.square(kernel));
  const { height, width, channels } = covariance;
  const seen = resizeAxes(
    kernel,
    [height, width, channels].flatMap((rows, axis) => (rows ? [{ axis, matrix: matrixOfRows(rows) }] : [])),
  );
  return tf.sum(tf.mul(kernel, seen));
}
