import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";

/** A 3x3 convolution: `kernel` [3, 3, in, out], `bias` [out]. */
export type ConvolutionParams = { kernel: tf.Tensor4D; bias: tf.Tensor1D };

/**
 * A 3x3 convolution with one row and column of zeros around the input.
 *
 * Stride 1 keeps the sides, stride 2 halves even ones.
 *
 * @param x [batch, height, width, in]
 * @returns [batch, ceil(height / stride), ceil(width / stride), out]
 * @throws where the axes do not fit
 */
export function convolve({ kernel, bias }: ConvolutionParams, x: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  const { in: channels } = axes(x, "convolve(x)", "batch height width in");
  const { out } = axes(kernel, "convolve(kernel)", "3 3 in out", { in: channels });
  axes(bias, "convolve(bias)", "out", { out });
  return tf.tidy(() => {
    const padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]);
    // A gradient of our own: WebAssembly has no kernel for that of the filter.
    const operation = tf.customGrad((x, kernel, save) => {
      const [input, filter] = [x as tf.Tensor4D, kernel as tf.Tensor4D];
      (save as (tensors: tf.Tensor[]) => void)([input, filter]);
      return {
        value: tf.conv2d(input, filter, stride, "valid"),
        gradFunc: (dy: tf.Tensor4D, [input, filter]: tf.Tensor[]) => [
          tf.conv2dTranspose(dy, filter as tf.Tensor4D, input.shape as tf.Tensor4D["shape"], stride, "valid"),
          kernelGradient(input as tf.Tensor4D, dy, filter.shape as tf.Tensor4D["shape"], stride),
        ],
      };
    });
    return tf.add(operation(padded, kernel), bias);
  });
}

/** Per tap (i, j) of the kernel: the pixels that it met, transposed, times the gradients of the outputs that they went into. */
function kernelGradient(padded: tf.Tensor4D, dy: tf.Tensor4D, shape: tf.Tensor4D["shape"], stride: number): tf.Tensor4D {
  const [kernelHeight, kernelWidth, from, to] = shape;
  const [batch, height, width] = dy.shape;
  const rows = batch * height * width;
  const dyRows = tf.reshape(dy, [rows, to]);
  const taps = Array.from({ length: kernelHeight * kernelWidth }, (_, tap) => {
    const [i, j] = [Math.floor(tap / kernelWidth), tap % kernelWidth];
    const end = [batch, i + (height - 1) * stride + 1, j + (width - 1) * stride + 1, from];
    const met = tf.stridedSlice(padded, [0, i, j, 0], end, [1, stride, stride, 1]); // [batch, height, width, from]
    return tf.matMul(tf.reshape(met, [rows, from]), dyRows, true, false);
  });
  return tf.reshape(tf.stack(taps), shape);
}
