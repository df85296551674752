import { encodeMask, maskPixels, type Box as Corners, type Mask } from "@flexivit/annotations";
import type { Seen, Size } from "./view.ts";

/**
 * Objects that were found in the window of a view, in pixels of the picture: the inverse of `viewObjects` for all that the
 * view shows.
 *
 * Boxes are cut off at the edges of the picture. A pixel of a mask is that of the window in which its centre falls, outside
 * where the view shows nothing of it. Objects of which nothing lies in the picture are left out.
 *
 * @param seen size and view of the picture
 * @param sizePx height and width of the window in the pixels in which the objects are; its own unless given
 * @returns objects in pixels of the picture, boxes `xyxy`
 */
export function objectsInPicture<Found extends { box: Corners; mask?: Mask }>(objects: readonly Found[], seen: Seen, sizePx: Size = windowSize(seen)): Found[] {
  return objects.flatMap((object) => {
    const box = boxInPicture(object.box, seen, sizePx);
    if (!(box[2] > box[0] && box[3] > box[1])) return [];
    return [object.mask ? { ...object, box, mask: maskInPicture(object.mask, seen) } : { ...object, box }];
  });
}

const windowSize = ({ view: { window } }: Seen): Size => [window.height, window.width];

function boxInPicture([left, top, right, bottom]: Corners, { size, view }: Seen, [height, width]: Size): Corners {
  const { region, resized, window, flip } = view;
  const y = (place: number): number => within(region.top + (((place * window.height) / height + window.top) * region.height) / resized[0], size[0]);
  const x = (place: number): number => {
    const shown = (place * window.width) / width;
    return within(region.left + (((flip ? window.width - shown : shown) + window.left) * region.width) / resized[1], size[1]);
  };
  return flip ? [x(right), y(top), x(left), y(bottom)] : [x(left), y(top), x(right), y(bottom)];
}

const within = (place: number, side: number): number => Math.min(Math.max(place, 0), side);

function maskInPicture(mask: Mask, seen: Seen): Mask {
  const pixels = maskPixels(mask);
  const [rows, columns] = [places(0, seen, mask.height), places(1, seen, mask.width)];
  const shown = new Uint8Array(rows.length * columns.length);
  for (const [y, row] of rows.entries()) {
    if (row < 0) continue;
    for (const [x, column] of columns.entries()) if (column >= 0) shown[y * columns.length + x] = pixels[row * mask.width + column];
  }
  return encodeMask(shown, seen.size);
}

/** Per row (axis 0) or column (axis 1) of the picture, that of `count` over the window in which its centre falls; -1 where none does. */
function places(axis: 0 | 1, { size, view: { region, resized, window, flip } }: Seen, count: number): Int32Array {
  const [start, extent] = axis === 0 ? [region.top, region.height] : [region.left, region.width];
  const [first, length] = axis === 0 ? [window.top, window.height] : [window.left, window.width];
  return Int32Array.from({ length: size[axis] }, (_, i) => {
    const share = (((i + 0.5 - start) * resized[axis]) / extent - first) / length;
    if (i < start || i >= start + extent || share < 0 || share >= 1) return -1;
    const place = Math.floor(share * count);
    return axis === 1 && flip ? count - 1 - place : place;
  });
}
