import type { Size } from "./view.ts";

/**
 * How pixels are resized.
 *
 * - `pil-bicubic`, `pil-bilinear`: antialiased, bit for bit what Pillow and so timm and torchvision give.
 * - `tf-bilinear`: half-pixel centres without antialias, truncated to 8 bits: what big_vision gives.
 * - `fast-bilinear`: antialiased; libvips in its own threads for files, `pil-bilinear` for pixels in
 *   memory. The two differ by 0.2 levels of 255 on average where pictures shrink, and by up to half a pixel of the
 *   result where they grow or a JPEG shrinks three times or more, so it is meant for training.
 */
export type Resampling = "pil-bicubic" | "pil-bilinear" | "tf-bilinear" | "fast-bilinear";

/** 8-bit pixels [height, width, channels] resized to `to`, rounded as the named library rounds them. */
export function resizePixels(pixels: Uint8Array, from: Size, channels: number, to: Size, resampling: Resampling): Uint8Array {
  if (resampling === "tf-bilinear") return resizeBilinearTruncated(pixels, from, channels, to);
  const filter = resampling === "pil-bicubic" ? { support: 2, weight: keys } : { support: 1, weight: triangle };
  const wide = from[1] === to[1] ? pixels : resizeRows(pixels, from, channels, taps(from[1], to[1], filter));
  return from[0] === to[0] ? wide : resizeColumns(wide, to[1] * channels, taps(from[0], to[0], filter));
}

type Filter = { support: number; weight: (x: number) => number };

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

/** The cubic convolution kernel of R. Keys, 1981, with a = -0.5. */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** For each of `count` outputs the first input and its weights, `width` per output, as integers of 22 fractional bits. */
type Taps = { count: number; width: number; first: Int32Array; used: Int32Array; weights: Int32Array };

// 32 bits hold a sum of 8-bit pixels, 2 bits of overshoot and these.
const fractionalBits = 22;
const half = 1 << (fractionalBits - 1);

/** The taps of an antialiased resize of one axis. Source: the rounding is Pillow's, for which the tests compare every bit. */
function taps(from: number, to: number, filter: Filter): Taps {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = filter.support * stretch;
  const width = Math.ceil(support) * 2 + 1;
  const result: Taps = { count: to, width, first: new Int32Array(to), used: new Int32Array(to), weights: new Int32Array(to * width) };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const real = Array.from({ length: end - first }, (_, k) => filter.weight((first + k - centre + 0.5) / stretch));
    const sum = real.reduce((total, weight) => total + weight, 0);
    result.first[i] = first;
    result.used[i] = end - first;
    for (let k = 0; k < real.length; k++) result.weights[i * width + k] = roundAway((real[k] / sum) * 2 ** fractionalBits);
  }
  return result;
}

/** Halves go away from zero, as in C. */
const roundAway = (x: number): number => Math.trunc(x + (x < 0 ? -0.5 : 0.5));

function clip(sum: number): number {
  const level = sum >> fractionalBits;
  if (level < 0) return 0;
  return level > 255 ? 255 : level;
}

/** Resizes the width: [height, width, channels] to [height, count, channels]. */
function resizeRows(pixels: Uint8Array, [height, fromWidth]: Size, channels: number, taps: Taps): Uint8Array {
  const { count, width, first, used, weights } = taps;
  const out = new Uint8Array(height * count * channels);
  for (let i = 0; i < count; i++) {
    const length = used[i];
    for (let row = 0; row < height; row++) {
      const start = (row * fromWidth + first[i]) * channels;
      const target = (row * count + i) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = half;
        for (let k = 0; k < length; k++) sum += Math.imul(pixels[start + k * channels + channel], weights[i * width + k]);
        out[target + channel] = clip(sum);
      }
    }
  }
  return out;
}

/** Resizes the height of rows of `rowLength` values; row by row, so that memory is read in order. */
function resizeColumns(pixels: Uint8Array, rowLength: number, taps: Taps): Uint8Array {
  const out = new Uint8Array(taps.count * rowLength);
  const sums = new Int32Array(rowLength);
  for (let i = 0; i < taps.count; i++) {
    sums.fill(half);
    for (let k = 0; k < taps.used[i]; k++) {
      const weight = taps.weights[i * taps.width + k];
      const source = (taps.first[i] + k) * rowLength;
      for (let x = 0; x < rowLength; x++) sums[x] += Math.imul(pixels[source + x], weight);
    }
    for (let x = 0; x < rowLength; x++) out[i * rowLength + x] = clip(sums[x]);
  }
  return out;
}

const { fround } = Math;

/** Bilinear between the two nearest pixels of each axis, in float32 throughout as TensorFlow does it. */
function resizeBilinearTruncated(pixels: Uint8Array, from: Size, channels: number, to: Size): Uint8Array {
  const rows = neighbours(from[0], to[0]);
  const columns = neighbours(from[1], to[1]);
  const out = new Uint8Array(to[0] * to[1] * channels);
  let target = 0;
  for (let row = 0; row < to[0]; row++) {
    const upper = rows.lower[row] * from[1];
    const lower = rows.upper[row] * from[1];
    for (let column = 0; column < to[1]; column++) {
      const left = columns.lower[column];
      const right = columns.upper[column];
      for (let channel = 0; channel < channels; channel++) {
        const top = mix(pixels[(upper + left) * channels + channel], pixels[(upper + right) * channels + channel], columns.weight[column]);
        const bottom = mix(pixels[(lower + left) * channels + channel], pixels[(lower + right) * channels + channel], columns.weight[column]);
        out[target++] = Math.trunc(mix(top, bottom, rows.weight[row]));
      }
    }
  }
  return out;
}

const mix = (a: number, b: number, weight: number): number => fround(a + fround(fround(b - a) * weight));

function neighbours(from: number, to: number): { lower: Int32Array; upper: Int32Array; weight: Float32Array } {
  const result = { lower: new Int32Array(to), upper: new Int32Array(to), weight: new Float32Array(to) };
  const scale = fround(from / to);
  for (let i = 0; i < to; i++) {
    const position = fround(fround(fround(i + 0.5) * scale) - 0.5);
    const floor = Math.floor(position);
    result.lower[i] = Math.max(0, floor);
    result.upper[i] = Math.min(from - 1, Math.ceil(position));
    result.weight[i] = position - floor;
  }
  return result;
}
