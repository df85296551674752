/**
 * Operations that give each level of a picture another one, whatever the pixel's place.
 *
 * `pixels` are 8-bit [height, width, channels]; the result is new. All equal Pillow's `ImageOps` bit for bit.
 */
import type { Size } from "./view.ts";

/** Stretches each channel so that its darkest level becomes 0 and its lightest 255; a channel of one level stays. */
export function autoContrast(pixels: Uint8Array, _size: Size, channels: number): Uint8Array {
  return throughTables(pixels, histograms(pixels, channels).map(stretch));
}

/** Spreads the levels of each channel so that all parts of the range hold about the same number of pixels. */
export function equalize(pixels: Uint8Array, _size: Size, channels: number): Uint8Array {
  return throughTables(pixels, histograms(pixels, channels).map(equalized));
}

/** 255 - level. */
export function invert(pixels: Uint8Array): Uint8Array {
  return throughTables(pixels, [table((level) => 255 - level)]);
}

/** Keeps the `bits` highest bits of each level, 0..8. */
export function posterize(pixels: Uint8Array, _size: Size, _channels: number, bits: number): Uint8Array {
  const mask = 0xff00 >> bits;
  return throughTables(pixels, [table((level) => level & mask)]);
}

/** Inverts the levels from `threshold` on; 256 changes nothing. */
export function solarize(pixels: Uint8Array, _size: Size, _channels: number, threshold: number): Uint8Array {
  return throughTables(pixels, [table((level) => (level < threshold ? level : 255 - level))]);
}

/** Adds `addition` to the levels below 128, up to 255. */
export function solarizeAdd(pixels: Uint8Array, _size: Size, _channels: number, addition: number): Uint8Array {
  return throughTables(pixels, [table((level) => (level < 128 ? Math.min(255, level + addition) : level))]);
}

function table(levelOf: (level: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => levelOf(level));
}

/** Looks each value up in the table of its channel; one table serves all channels. */
function throughTables(pixels: Uint8Array, tables: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (const [channel, levels] of tables.entries()) {
    for (let i = channel; i < pixels.length; i += tables.length) out[i] = levels[pixels[i]];
  }
  return out;
}

/** How often each level occurs, per channel. */
function histograms(pixels: Uint8Array, channels: number): Uint32Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const counts = new Uint32Array(256);
    for (let i = channel; i < pixels.length; i += channels) counts[pixels[i]]++;
    return counts;
  });
}

function stretch(counts: Uint32Array): Uint8Array {
  const lowest = counts.findIndex((count) => count > 0);
  const highest = counts.findLastIndex((count) => count > 0);
  if (highest <= lowest) return table((level) => level);
  const scale = 255 / (highest - lowest);
  const offset = -lowest * scale;
  return table((level) => Math.min(255, Math.max(0, Math.trunc(level * scale + offset))));
}

/** Level i goes to the number of pixels below i, in steps of a 255th of those below the highest level. */
function equalized(counts: Uint32Array): Uint8Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const step = Math.floor((total - counts[counts.findLastIndex((count) => count > 0)]) / 255);
  if (step === 0) return table((level) => level);
  let below = step >> 1;
  return table((level) => {
    const target = Math.min(255, Math.floor(below / step));
    below += counts[level];
    return target;
  });
}
