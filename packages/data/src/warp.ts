/**
 * Operations that move pixels, and what they leave empty: grey of level 128.
 *
 * `pixels` are 8-bit [height, width, channels]; the result is new and of the same size. Each pixel of the result is the
 * one on which its centre falls in the picture. All equal Pillow's `Image.rotate` and `Image.transform` (nearest)
 * bit for bit.
 */
import type { Box, Size } from "./view.ts";

const emptyLevel = 128;

/** Turns a picture about its centre, anticlockwise by `degrees`. */
export function rotate(pixels: Uint8Array, size: Size, channels: number, degrees: number): Uint8Array {
  const angle = (-degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [y, x] = [size[0] / 2, size[1] / 2];
  return warp(pixels, size, channels, [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]);
}

/** Takes the pixel at x of row y from x + amount * y. */
export function shearX(pixels: Uint8Array, size: Size, channels: number, amount: number): Uint8Array {
  return warp(pixels, size, channels, [1, amount, 0, 0, 1, 0]);
}

/** Takes the pixel at y of column x from y + amount * x. */
export function shearY(pixels: Uint8Array, size: Size, channels: number, amount: number): Uint8Array {
  return warp(pixels, size, channels, [1, 0, 0, amount, 1, 0]);
}

/** Takes the pixel at x from x + distancePx, a whole number. */
export function translateX(pixels: Uint8Array, size: Size, channels: number, distancePx: number): Uint8Array {
  return warp(pixels, size, channels, [1, 0, distancePx, 0, 1, 0]);
}

/** Takes the pixel at y from y + distancePx, a whole number. */
export function translateY(pixels: Uint8Array, size: Size, channels: number, distancePx: number): Uint8Array {
  return warp(pixels, size, channels, [1, 0, 0, 0, 1, distancePx]);
}

/** Empties the part of a picture that lies in `box`. */
export function cutOut(pixels: Uint8Array, [height, width]: Size, channels: number, box: Box): Uint8Array {
  const out = pixels.slice();
  const left = Math.max(0, box.left) * channels;
  const right = Math.min(width, box.left + box.width) * channels;
  for (let row = Math.max(0, box.top); row < Math.min(height, box.top + box.height); row++) {
    const start = row * width * channels;
    out.fill(emptyLevel, start + left, start + right);
  }
  return out;
}

/** x' = a x + b y + c and y' = d x + e y + f: the place in the picture of a place in the result. */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Places have 16 fractional bits, as in Pillow, which decides on which side of a border a pixel's centre falls. */
const fractionalBits = 16;
const fixed = (value: number): number => Math.floor(value * 2 ** fractionalBits + 0.5);

function warp(pixels: Uint8Array, [height, width]: Size, channels: number, [a, b, c, d, e, f]: Affine): Uint8Array {
  const out = new Uint8Array(pixels.length).fill(emptyLevel);
  const [perColumnX, perRowX, perColumnY, perRowY] = [a, b, d, e].map(fixed);
  const firstX = fixed(c + a / 2 + b / 2);
  const firstY = fixed(f + d / 2 + e / 2);
  for (let row = 0; row < height; row++) {
    let x = firstX + row * perRowX;
    let y = firstY + row * perRowY;
    let target = row * width * channels;
    for (let column = 0; column < width; column++, x += perColumnX, y += perColumnY, target += channels) {
      const fromColumn = x >> fractionalBits;
      const fromRow = y >> fractionalBits;
      if (fromColumn < 0 || fromColumn >= width || fromRow < 0 || fromRow >= height) continue;
      const source = (fromRow * width + fromColumn) * channels;
      for (let channel = 0; channel < channels; channel++) out[target + channel] = pixels[source + channel];
    }
  }
  return out;
}
