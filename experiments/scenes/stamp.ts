import type { Sprite } from "./sprite.ts";

/** Where a sprite lies in a scene, in pixels of the scene. */
export type Placement = {
  /** Of the sprite's canvas; pixel 0 reaches from 0 to 1. */
  centreX: number;
  centreY: number;
  /** Side of the sprite's canvas. */
  sidePx: number;
  /** In radians, clockwise as it is seen. */
  angle: number;
  mirrored: boolean;
};

/** The pixels of a scene that a sprite covers, row by row, with the sprite's level at each. */
export type Stamp = { places: Int32Array; levels: Float32Array };

/**
 * The pixels of a scene of `sizePx` x `sizePx` that a sprite covers where nothing lies before it.
 *
 * Each pixel's centre is looked up in the sprite between four pixels: it is covered where at least half of them, by weight,
 * are inside, and has the mean level of those that are. So an edge is sharp, and mask and picture agree exactly.
 */
export function stamp(sprite: Sprite, { centreX, centreY, sidePx, angle, mirrored }: Placement, sizePx: number): Stamp {
  const { size: [height, width] } = sprite;
  const scale = sidePx / Math.max(height, width);
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const reach = (sidePx * (Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle)))) / 2;
  const first = (centre: number): number => Math.max(0, Math.floor(centre - reach));
  const end = (centre: number): number => Math.min(sizePx, Math.ceil(centre + reach));
  const [top, bottom, left, right] = [first(centreY), end(centreY), first(centreX), end(centreX)];
  const places = new Int32Array((bottom - top) * (right - left));
  const levels = new Float32Array(places.length);
  let count = 0;
  for (let row = top; row < bottom; row++) {
    const dy = row + 0.5 - centreY;
    for (let column = left; column < right; column++) {
      const dx = column + 0.5 - centreX;
      const across = cos * dx + sin * dy;
      const level = levelAt(sprite, cos * dy - sin * dx + height / 2 - 0.5, (mirrored ? -across : across) + width / 2 - 0.5);
      if (level < 0) continue;
      places[count] = row * sizePx + column;
      levels[count++] = level;
    }
  }
  return { places: places.subarray(0, count), levels: levels.subarray(0, count) };
}

/** Mean level of the pixels inside among the four around a place, -1 where they weigh less than a half. */
function levelAt({ size, levels, inside }: Sprite, y: number, x: number): number {
  const height = size[0];
  const width = size[1];
  const row = Math.floor(y);
  const column = Math.floor(x);
  if (row < -1 || row >= height || column < -1 || column >= width) return -1;
  const down = y - row;
  const across = x - column;
  let weight = 0;
  let sum = 0;
  for (let r = Math.max(0, row); r <= row + 1 && r < height; r++) {
    for (let c = Math.max(0, column); c <= column + 1 && c < width; c++) {
      const share = inside[r * width + c] * (r > row ? down : 1 - down) * (c > column ? across : 1 - across);
      weight += share;
      sum += share * levels[r * width + c];
    }
  }
  return weight < 0.5 ? -1 : sum / weight;
}
