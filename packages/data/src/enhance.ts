/**
 * Operations that move a picture away from a plainer one, or towards it.
 *
 *     result = plain + amount (picture - plain)
 *
 * `amount` 1 gives the picture, 0 the plain one, more than 1 exaggerates the difference. `pixels` are 8-bit
 * [height, width, channels]; the result is new. All equal Pillow's `ImageEnhance` bit for bit.
 */
import { toGrey } from "./decode.ts";
import type { Size } from "./view.ts";

/** Against black. */
export function brightness(pixels: Uint8Array, _size: Size, _channels: number, amount: number): Uint8Array {
  return blend(new Uint8Array(pixels.length), pixels, amount);
}

/** Against the mean of the grey picture, rounded to a level. */
export function contrast(pixels: Uint8Array, _size: Size, channels: number, amount: number): Uint8Array {
  const grey = greyOf(pixels, channels);
  const mean = Math.floor(grey.reduce((sum, level) => sum + level, 0) / grey.length + 0.5);
  return blend(new Uint8Array(pixels.length).fill(mean), pixels, amount);
}

/** Against the grey picture; a grey picture stays as it is. */
export function colour(pixels: Uint8Array, _size: Size, channels: number, amount: number): Uint8Array {
  const grey = greyOf(pixels, channels);
  const plain = new Uint8Array(pixels.length);
  for (let i = 0; i < plain.length; i++) plain[i] = grey[Math.trunc(i / channels)];
  return blend(plain, pixels, amount);
}

/** Against the picture smoothed by [1 1 1; 1 5 1; 1 1 1] / 13; the pixels at the border stay. */
export function sharpness(pixels: Uint8Array, size: Size, channels: number, amount: number): Uint8Array {
  return blend(smooth(pixels, size, channels), pixels, amount);
}

function greyOf(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return pixels;
  const grey = new Uint8Array(pixels.length / 3);
  toGrey(pixels, grey);
  return grey;
}

const { fround } = Math;

/** In float32, cut to whole levels. */
function blend(plain: Uint8Array, pixels: Uint8Array, amount: number): Uint8Array {
  const factor = fround(amount);
  const out = new Uint8Array(pixels.length);
  for (let i = 0; i < out.length; i++) {
    const level = fround(plain[i] + fround(factor * (pixels[i] - plain[i])));
    out[i] = level <= 0 ? 0 : level >= 255 ? 255 : level;
  }
  return out;
}

function smooth(pixels: Uint8Array, [height, width]: Size, channels: number): Uint8Array {
  const out = pixels.slice();
  const rowLength = width * channels;
  for (let row = 1; row < height - 1; row++) {
    const end = (row + 1) * rowLength - channels;
    for (let i = row * rowLength + channels; i < end; i++) {
      const above = i - rowLength;
      const below = i + rowLength;
      const sum =
        pixels[above - channels] + pixels[above] + pixels[above + channels] +
        pixels[i - channels] + 5 * pixels[i] + pixels[i + channels] +
        pixels[below - channels] + pixels[below] + pixels[below + channels];
      // Rounded; no sum lies half-way, since 13 is odd.
      out[i] = (2 * sum + 13) / 26;
    }
  }
  return out;
}
