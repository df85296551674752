import { resizePixels, type Resampling } from "./resize-pixels.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** A rectangle in pixels; rows top .. top + height - 1, columns left .. left + width - 1. */
export type Box = { top: number; left: number; height: number; width: number };

/**
 * Which pixels of a picture become the image of a batch, as plain data: cut `region`, resize it,
 * cut `window` out of the result, mirror. Boxes and masks of a picture go through the same view.
 */
export type View = {
  /** The part of the picture that is used; lies inside the picture. */
  region: Box;
  /** The size to which that part is resized. */
  resized: Size;
  /** The part of the resized pixels that is kept; where it reaches outside, pixels are 0. */
  window: Box;
  /** Mirrors left and right, last. */
  flip: boolean;
  resampling: Resampling;
};

/** How a picture was seen: its own size, and the view of it that was chosen. */
export type Seen = { size: Size; view: View };

/** Writes what a view shows of `pixels` [height, width, channels] to `out` [window height, window width, channels]. */
export function applyView(pixels: Uint8Array, size: Size, channels: number, view: View, out: Uint8Array): void {
  const { region, resized } = view;
  if (resized[0] === region.height && resized[1] === region.width) {
    copyWindow(pixels, size, channels, { top: region.top, left: region.left }, view, out);
    return;
  }
  const part = isWhole(region, size) ? pixels : cut(pixels, size, channels, region);
  const small = resizePixels(part, [region.height, region.width], channels, resized, view.resampling);
  copyWindow(small, resized, channels, { top: 0, left: 0 }, view, out);
}

function isWhole(region: Box, [height, width]: Size): boolean {
  return region.height === height && region.width === width;
}

function cut(pixels: Uint8Array, size: Size, channels: number, region: Box): Uint8Array {
  const rowLength = region.width * channels;
  const out = new Uint8Array(region.height * rowLength);
  for (let row = 0; row < region.height; row++) {
    const start = ((region.top + row) * size[1] + region.left) * channels;
    out.set(pixels.subarray(start, start + rowLength), row * rowLength);
  }
  return out;
}

/** Copies the window of `view`, whose origin is `from`, out of `pixels`; the inner loop of every batch. */
function copyWindow(
  pixels: Uint8Array,
  [, width]: Size,
  channels: number,
  from: { top: number; left: number },
  { window, resized, flip }: View,
  out: Uint8Array,
): void {
  const firstColumn = Math.max(0, -window.left);
  const endColumn = Math.min(window.width, resized[1] - window.left);
  if (firstColumn > 0 || endColumn < window.width || window.top < 0 || window.top + window.height > resized[0]) out.fill(0);
  for (let row = Math.max(0, -window.top); row < Math.min(window.height, resized[0] - window.top); row++) {
    const source = ((from.top + window.top + row) * width + from.left + window.left + firstColumn) * channels;
    const target = row * window.width * channels;
    const count = (endColumn - firstColumn) * channels;
    if (flip) copyMirrored(pixels, source, count, channels, out, target + (window.width - firstColumn) * channels);
    else for (let i = 0; i < count; i++) out[target + firstColumn * channels + i] = pixels[source + i];
  }
}

/** Copies `count` values, pixel by pixel, to the places before `end`. */
function copyMirrored(pixels: Uint8Array, source: number, count: number, channels: number, out: Uint8Array, end: number): void {
  if (channels === 1) {
    for (let i = 0; i < count; i++) out[end - 1 - i] = pixels[source + i];
    return;
  }
  for (let i = 0; i < count; i += channels) {
    for (let channel = 0; channel < channels; channel++) out[end - channels - i + channel] = pixels[source + i + channel];
  }
}
