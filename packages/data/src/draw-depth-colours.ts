import { mix, type Rgb } from "./draw-class-colours.ts";

/**
 * Colours from near to far: every fifteenth of the 256 of viridis, backwards.
 *
 * Source: viridis of matplotlib by S. van der Walt and N. Smith (CC0), rounded to 8 bits.
 */
export const depthStops: readonly Rgb[] = [
  [253, 231, 37],
  [216, 226, 25],
  [176, 221, 47],
  [137, 213, 72],
  [101, 203, 94],
  [70, 192, 111],
  [46, 179, 124],
  [33, 165, 133],
  [31, 151, 139],
  [35, 137, 142],
  [41, 123, 142],
  [46, 109, 142],
  [53, 94, 141],
  [61, 78, 138],
  [67, 61, 132],
  [71, 42, 122],
  [72, 23, 105],
  [68, 1, 84],
];

/** What has no depth. */
export const unknownColour: Rgb = [128, 128, 128];

/** The colour at a share of the way from near, 0, to far, 1; that of the end beyond it. */
export function depthColour(share: number): Rgb {
  const place = Math.min(Math.max(share, 0), 1) * (depthStops.length - 1);
  const before = Math.min(Math.floor(place), depthStops.length - 2);
  return mix(depthStops[before], depthStops[before + 1], place - before);
}
