import { encodeMask, maskArea, maskPixels, type Box as Corners, type Mask } from "@flexivit/annotations";
import type { PictureObject } from "./coco-pictures.ts";
import type { View } from "./view.ts";

/**
 * The objects of a picture as a view shows them: cut, resized, cut and mirrored like its pixels.
 *
 * Boxes are cut off at the edge of the window. A pixel of a mask is that on which its centre falls. Objects of which
 * nothing is left are left out; an `area`, which is of the whole picture, is dropped.
 *
 * @returns objects in pixels of the window
 */
export function viewObjects(objects: readonly PictureObject[], view: View): PictureObject[] {
  return objects.flatMap((original) => {
    const { area: _, ...object } = original;
    const box = viewBox(object.box, view);
    if (!box) return [];
    if (!object.mask) return [{ ...object, box }];
    const mask = viewMask(object.mask, view);
    return maskArea(mask) === 0 ? [] : [{ ...object, box, mask }];
  });
}

/** A box as a view shows it; undefined where it shows nothing of it. */
function viewBox([left, top, right, bottom]: Corners, { region, resized, window, flip }: View): Corners | undefined {
  const along = (from: number, to: number, start: number, length: number, side: number, windowStart: number, windowLength: number): [number, number] => {
    const shown = [from, to].map((place) => (Math.min(Math.max(place - start, 0), length) * side) / length - windowStart);
    return shown.map((place) => Math.min(Math.max(place, 0), windowLength)) as [number, number];
  };
  const [y0, y1] = along(top, bottom, region.top, region.height, resized[0], window.top, window.height);
  const [x0, x1] = along(left, right, region.left, region.width, resized[1], window.left, window.width);
  if (!(x1 > x0 && y1 > y0)) return undefined;
  return flip ? [window.width - x1, y0, window.width - x0, y1] : [x0, y0, x1, y1];
}

function viewMask(mask: Mask, { region, resized, window, flip }: View): Mask {
  const pixels = maskPixels(mask);
  const rows = sampled(window.height, window.top, resized[0], region.top, region.height);
  const columns = sampled(window.width, window.left, resized[1], region.left, region.width);
  if (flip) columns.reverse();
  const shown = new Uint8Array(window.height * window.width);
  for (const [y, row] of rows.entries()) {
    if (row < 0) continue;
    for (const [x, column] of columns.entries()) if (column >= 0) shown[y * window.width + x] = pixels[row * mask.width + column];
  }
  return encodeMask(shown, [window.height, window.width]);
}

/** Per row (or column) of the window, that of the picture on which its centre falls; -1 outside the resized part. */
function sampled(length: number, start: number, resized: number, from: number, extent: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => {
    const place = start + i;
    return place < 0 || place >= resized ? -1 : from + Math.floor(((place + 0.5) * extent) / resized);
  });
}
