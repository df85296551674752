import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";
import type { SeparableCovariance } from "./covariance.ts";
import { sizeOf, type PatchSize } from "./patch-size.ts";
import { axisMoments, channelMoments, coverage } from "./window-moments.ts";

/** Images [batch, height, width, channels], in the units that the model sees. */
export type Images = tf.Tensor4D | { readonly shape: readonly number[]; readonly data: ArrayLike<number> };

/** Sums over patches that become a covariance. */
export type PatchCovariance = {
  /** Counts every patch of some images [batch, height, width, channels]; they may differ in size from call to call. */
  add(images: Images): void;
  /** Patches counted so far. */
  patches(): number;
  /** The second moments of the patches counted, scaled to a mean power of 1. */
  covariance(): SeparableCovariance;
};

/**
 * Adds up images to the second moments of their patches, for `pi` weighted by the images that a model is to see.
 *
 * height[i][k] is the mean of x[i, j, c] x[k, j, c] over patches, columns j and channels c; width and channels likewise. Of a
 * covariance that is a product over its axes these are the factors. With `stride` 1 every window of the images is
 * a patch, as if images were stationary, and a few images are enough; with the patch size as stride only the patches of a
 * grid from the top left are, which needs many more. 1e-6 of the mean power is added to the diagonals: the rounding
 * of 8-bit pixels, which keeps directions that no image has from being forgotten.
 *
 * @param size of the stored kernel: a number for squares, or [height, width]
 * @param options `stride` between patches in pixels. Default 1.
 * @throws where size or stride are impossible; `add` where images are smaller than a patch, not finite or of other channels;
 * `covariance` where all images so far are zero everywhere.
 */
export function patchCovariance(size: PatchSize, { stride = 1 }: { stride?: PatchSize } = {}): PatchCovariance {
  const [height, width] = sizeOf(size, "patchCovariance(size)");
  const [strideY, strideX] = sizeOf(stride, "patchCovariance(stride)");
  const rows = new Float64Array(height * height);
  const columns = new Float64Array(width * width);
  let between: Float64Array | undefined; // channels
  let patches = 0;

  function addImage(image: tf.Tensor3D["shape"], pixels: Float64Array): void {
    const [imageHeight, imageWidth, channels] = image;
    const down = coverage(imageHeight, height, strideY);
    const across = coverage(imageWidth, width, strideX);
    between ??= new Float64Array(channels * channels);
    axisMoments(rows, pixels, [imageHeight, imageWidth, channels], { size: height, stride: strideY, weights: across.counts });
    axisMoments(columns, turned(pixels, image), [imageWidth, imageHeight, channels], { size: width, stride: strideX, weights: down.counts });
    channelMoments(between, pixels, image, down.counts, across.counts);
    patches += down.windows * across.windows;
  }

  return {
    add(images) {
      const { data, shape } = read(images, [height, width], between && Math.sqrt(between.length));
      const [batch, ...image] = shape;
      const length = data.length / Math.max(1, batch);
      for (let i = 0; i < batch; i++) addImage(image as tf.Tensor3D["shape"], data.subarray(i * length, (i + 1) * length));
    },
    patches: () => patches,
    covariance: () => ({ height: scaledRows(rows), width: scaledRows(columns), channels: scaledRows(between ?? new Float64Array(1)) }),
  };
}

/** The pixels in float64 and the shape, once they are found good. */
function read(images: Images, [height, width]: readonly [number, number], known: number | undefined) {
  if (images instanceof tf.Tensor) axes(images, "patchCovariance.add(images)", "batch height width channels");
  const { shape } = images;
  const data = Float64Array.from(images instanceof tf.Tensor ? images.dataSync() : images.data);
  const where = "patchCovariance.add(images)";
  if (shape.length !== 4 || data.length !== shape.reduce((size, length) => size * length, 1)) {
    throw new Error(
      `${where}: expected axes [batch, height, width, channels] and as many numbers, ` +
        `got shape [${shape.join(", ")}] and ${data.length} numbers. Reshape them.`,
    );
  }
  if (shape[1] < height || shape[2] < width) {
    throw new Error(`${where}: expected at least ${height}x${width} pixels, as a patch has, got ${shape[1]}x${shape[2]}. Leave smaller images out or enlarge them.`);
  }
  if (known !== undefined && shape[3] !== known) {
    throw new Error(`${where}: expected ${known} channels as before, got ${shape[3]}. Convert the images to the same channels.`);
  }
  if (!data.every(Number.isFinite)) throw new Error(`${where}: expected finite pixels, got one that is not. Check how the images were decoded.`);
  return { data, shape };
}

/** [height, width, channels] to [width, height, channels] */
function turned(pixels: Float64Array, [height, width, channels]: tf.Tensor3D["shape"]): Float64Array {
  const result = new Float64Array(pixels.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) for (let c = 0; c < channels; c++) result[(x * height + y) * channels + c] = pixels[(y * width + x) * channels + c];
  return result;
}

/** Sums as rows, divided by their mean power and with the noise of rounding added. */
function scaledRows(sums: Float64Array): number[][] {
  const size = Math.sqrt(sums.length);
  const power = Array.from({ length: size }, (_, i) => sums[i * size + i]).reduce((sum, value) => sum + value, 0) / size;
  if (!(power > 0)) {
    throw new Error(`patchCovariance.covariance(): expected images that are not zero everywhere, got none. Call add with images first.`);
  }
  const rounding = 1e-6; // two units in 255, squared, over 12, is 5e-6 of pixels in [-1, 1] with a mean power of 0.1 to 1
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, k) => sums[i * size + k] / power + (i === k ? rounding : 0)));
}
