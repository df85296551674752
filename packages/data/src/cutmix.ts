import type { Box, Size } from "./view.ts";

/**
 * The box of a picture that holds about `share` of its pixels and has its shape, as far as it lies inside the picture.
 *
 * height = floor(sqrt(share) * picture height), and the width likewise.
 *
 * @param share 0..1
 * @param centre the place of the centre, in [0, 1) of height and width; near an edge the box is cut there
 * Source: S. Yun et al., "CutMix", 2019. timm rounds odd sides down to even ones.
 */
export function cutBox([height, width]: Size, share: number, centre: { row: number; column: number }): Box {
  const [top, bottom] = interval(height, Math.floor(Math.sqrt(share) * height), Math.floor(centre.row * height));
  const [left, right] = interval(width, Math.floor(Math.sqrt(share) * width), Math.floor(centre.column * width));
  return { top, left, height: bottom - top, width: right - left };
}

function interval(side: number, length: number, centre: number): [from: number, to: number] {
  const from = centre - (length >> 1);
  return [Math.max(0, from), Math.min(side, from + length)];
}

/**
 * Replaces the pixels in `box` of each picture of a batch by those of the picture before it, the first by the last, in place.
 *
 * @param images [batch, height, width, channels]
 * @param box inside the pictures
 * @returns the share of each picture that is still its own: 1 - box / picture, in pixels
 * Source: S. Yun et al., "CutMix", 2019; one box per batch, and the partners of `mixup`.
 */
export function cutmix(images: Float32Array, [batch, height, width, channels]: readonly [number, number, number, number], box: Box): number {
  const length = height * width * channels;
  const last = images.slice((batch - 1) * length);
  // From the end on, so that each picture still finds the one before it as it was.
  for (let picture = batch - 1; picture >= 0; picture--) {
    const before = picture === 0 ? last : images.subarray((picture - 1) * length, picture * length);
    for (let row = box.top; row < box.top + box.height; row++) {
      const start = (row * width + box.left) * channels;
      images.set(before.subarray(start, start + box.width * channels), picture * length + start);
    }
  }
  return 1 - (box.height * box.width) / (height * width);
}
