import { axes } from "@flexivit/axes";
import { resizeAxes } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { kernelMatrix } from "./kernel-matrix.ts";
import { kernelResizeOf, type KernelResize } from "./kernel-resize.ts";
import { sizeOf, type PatchSize } from "./patch-size.ts";

/**
 * A patch-embedding kernel for patches of another size.
 *
 * `pi`: kernel_new = pinv(R_height') kernel pinv(R_width')', where R resizes a row or column of a patch: the 2-D
 * pseudo-inverse is the product of the two, which also holds where one side grows and the other shrinks.
 * `pi` with a covariance S = S_height x S_width of the patches: least squares weighted by it, (R S R')^+ R S per axis,
 * the kernel whose tokens differ least from the original ones in the mean square. White patches (S = 1) give plain `pi`;
 * where both sides grow and S is not singular, every S gives plain `pi`, which is exact there.
 * Linear in the kernel (but for `norm`) and differentiable: train the one stored kernel through it. Resize from the
 * stored kernel each time: chained resizes lose information. Equal sizes change nothing.
 *
 * @param kernel [patchHeight, patchWidth, channels, dim], float32
 * @param to patch size in pixels: a number for squares, or [height, width]
 * @param options FlexiViT's method and interpolation where not given: `pi`, bilinear without antialias
 * @returns [height, width, channels, dim]
 * @throws where the kernel has another rank, or the size, method, interpolation or covariance is impossible.
 * Source: arXiv 2212.08013 section 3; equal to big_vision `resample_patchemb` and timm `resample_patch_embed`, but for
 * pairs of sizes where one side grows and the other shrinks: there big_vision's float32 inverse amplifies rounding noise.
 */
export function resizePatchKernel(kernel: tf.Tensor4D, to: PatchSize, options: Partial<KernelResize> = {}): tf.Tensor4D {
  const { patchHeight, patchWidth } = axes(kernel, "resizePatchKernel(kernel)", "patchHeight patchWidth channels dim");
  const [height, width] = sizeOf(to, "resizePatchKernel(to)");
  const resize = kernelResizeOf(options, [patchHeight, patchWidth], "resizePatchKernel");
  return tf.tidy(() => {
    const resized = resizeAxes(kernel, [
      { axis: 0, matrix: kernelMatrix("height", patchHeight, height, resize) },
      { axis: 1, matrix: kernelMatrix("width", patchWidth, width, resize) },
    ]);
    if (resize.method === "norm") return withNormsOf(kernel, resized);
    if (resize.method === "area") return tf.mul(resized, (patchHeight * patchWidth) / (height * width));
    return resized;
  });
}

/** Scales each output of `resized` to the norm that it has in `kernel`. */
function withNormsOf(kernel: tf.Tensor4D, resized: tf.Tensor4D): tf.Tensor4D {
  return tf.mul(resized, tf.div(outputNorms(kernel), outputNorms(resized)));
}

/** [dim]: norms over height, width and channels. */
function outputNorms(kernel: tf.Tensor4D): tf.Tensor {
  const tiny = 1e-24; // keeps value and gradient finite for an output that is zero everywhere
  return tf.sqrt(tf.add(tf.sum(tf.square(kernel), [0, 1, 2]), tiny));
}
