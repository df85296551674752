import { axes } from "@flexivit/axes";
import { matrixOf, multiply, pseudoInverse, resizeAxes, resizeMatrix, transpose, type Interpolation, type Matrix } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { kept } from "./kernel-matrix.ts";
import { flexivitKernelResize } from "./kernel-resize.ts";
import { sizeOf, type PatchSize } from "./patch-size.ts";

const matrices = new WeakMap<Matrix, WeakMap<Matrix, WeakMap<Matrix, Matrix>>>(); // by covariance, resize of rows, resize of columns

/**
 * PI-resize weighted by any covariance of patches, not only a product over their axes.
 *
 * kernel_new = (R S R')^+ R S kernel with R = R_height x R_width and E[x x'] = S: among all kernels of the new size the
 * one with the least E[(w' x - w_new' R x)^2], and of several the shortest. Computed in float64 and kept with the
 * covariance. It decomposes a matrix of side height * width: tenths of a second up to 16x16, sixty-four times as long at twice the
 * side. `resizePatchKernel` with a covariance by rows and columns takes milliseconds at any size.
 *
 * @param kernel [patchHeight, patchWidth, channels, dim], float32
 * @param to patch size in pixels: a number for squares, or [height, width]
 * @param covariance [patchHeight * patchWidth, the same], pixels row by row
 * @param options `interpolation`: the resize of patches. Default: bilinear without antialias, as FlexiViT.
 * @returns [height, width, channels, dim]; differentiable
 * @throws where the kernel has another rank, the covariance another size, or the size or interpolation is impossible.
 * Source: arXiv 2212.08013 section 3 for white patches; the normal equations of the same problem for others.
 */
export function resizePatchKernelGeneral(
  kernel: tf.Tensor4D,
  to: PatchSize,
  covariance: Matrix,
  { interpolation = flexivitKernelResize.interpolation }: { interpolation?: Interpolation } = {},
): tf.Tensor4D {
  const { patchHeight, patchWidth, channels, dim } = axes(kernel, "resizePatchKernelGeneral(kernel)", "patchHeight patchWidth channels dim");
  const [height, width] = sizeOf(to, "resizePatchKernelGeneral(to)");
  const pixels = patchHeight * patchWidth;
  if (covariance.rows !== pixels || covariance.columns !== pixels) {
    throw new Error(
      `resizePatchKernelGeneral(covariance): expected [${pixels}, ${pixels}], as the kernel has ${patchHeight}x${patchWidth} pixels, ` +
        `got [${covariance.rows}, ${covariance.columns}]. Estimate it at the kernel's size.`,
    );
  }
  if (height === patchHeight && width === patchWidth) return tf.clone(kernel);
  const matrix = generalMatrix(covariance, resizeMatrix(patchHeight, height, interpolation), resizeMatrix(patchWidth, width, interpolation));
  return tf.tidy(() => {
    const flat = tf.reshape(kernel, [pixels, channels * dim]);
    return tf.reshape(resizeAxes(flat, [{ axis: 0, matrix }]), [height, width, channels, dim]);
  });
}

/** (R S R')^+ R S [height * width, patchHeight * patchWidth] */
function generalMatrix(covariance: Matrix, rows: Matrix, columns: Matrix): Matrix {
  const ofRows = kept(kept(matrices, covariance, () => new WeakMap()), rows, () => new WeakMap<Matrix, Matrix>());
  return kept(ofRows, columns, () => {
    const resize = kronecker(rows, columns);
    const seen = multiply(resize, covariance);
    return multiply(pseudoInverse(multiply(resize, transpose(seen))), seen);
  });
}

/** The matrix of both axes at once, for pixels row by row. */
function kronecker(a: Matrix, b: Matrix): Matrix {
  const entry = ({ columns, values }: Matrix, row: number, column: number) => values[row * columns + column];
  return matrixOf(
    a.rows * b.rows,
    a.columns * b.columns,
    (row, column) =>
      entry(a, Math.floor(row / b.rows), Math.floor(column / b.columns)) * entry(b, row % b.rows, column % b.columns),
  );
}
