import type { Box, Seen } from "@flexivit/data";
import { matrixOf, resizeAxes, type Matrix } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";

/** Pixels of a picture along an axis: those whose centres a view shows, each between two pixels of the view's window. */
type Axis = {
  /** The first of them, and how many there are. */
  start: number;
  length: number;
  /** Per pixel, the pixel of the window before its centre, and the share of the one after it. */
  before: Int32Array;
  share: Float64Array;
};

/** The pixels of a picture that a view shows. */
export type ShownPixels = { rows: Axis; columns: Axis };

/** Which pixels of a picture its view shows, and where in the view's window their centres lie; the view is not mirrored. */
export function shownPixels({ view: { region, resized, window } }: Seen): ShownPixels {
  return {
    rows: axisOf(region.top, region.height, resized[0], window.top, window.height),
    columns: axisOf(region.left, region.width, resized[1], window.left, window.width),
  };
}

/** The same pixels as a rectangle of the picture. */
export function shownBox({ rows, columns }: ShownPixels): Box {
  return { top: rows.start, left: columns.start, height: rows.length, width: columns.length };
}

function axisOf(start: number, extent: number, resized: number, first: number, length: number): Axis {
  // What of the window the picture covers: around it the model saw black.
  const [from, end] = [Math.max(0, -first), Math.min(length, resized - first)];
  const centres = Array.from({ length: extent }, (_, i) => ((i + 0.5) * resized) / extent - first);
  const isShown = (centre: number): boolean => centre >= from && centre < end;
  const places = centres.filter(isShown).map((centre) => Math.min(Math.max(centre - 0.5, from), end - 1));
  const before = Int32Array.from(places, Math.floor);
  return { start: start + centres.findIndex(isShown), length: places.length, before, share: Float64Array.from(places, (place, i) => place - before[i]) };
}

/** Side of the tiles in which maps are resized: with 150 classes, 10 MB at a time, and only the part of the window below a tile is read. */
const tilePx = 128;

/**
 * Maps over the window of a view, joined by straight lines and resized to the pixels that it shows.
 *
 * Half-pixel centres, no antialias where the maps shrink: PyTorch's `interpolate(mode="bilinear", align_corners=False)`.
 *
 * @param maps [1, height, width, channels] of the window
 * @param decide what becomes of a tile [1, tileHeight, tileWidth, channels], such as its most probable classes
 * @param out [pixels, kept], row by row: what was decided of each pixel
 */
export async function resizeToShown<Values extends Int32Array | Float32Array>(
  maps: tf.Tensor4D,
  { rows, columns }: ShownPixels,
  decide: (tile: tf.Tensor4D) => tf.Tensor,
  out: Values,
): Promise<Values> {
  const kept = out.length / (rows.length * columns.length);
  for (let top = 0; top < rows.length; top += tilePx) {
    const down = tapsOf(rows, top);
    for (let left = 0; left < columns.length; left += tilePx) {
      const across = tapsOf(columns, left);
      const decided = tf.tidy(() => decide(tileOf(maps, down, across)));
      const values = await decided.data();
      decided.dispose();
      const width = across.matrix.rows * kept;
      for (let row = 0; row < down.matrix.rows; row++) out.set(values.subarray(row * width, (row + 1) * width), ((top + row) * columns.length + left) * kept);
    }
  }
  return out;
}

/** The part of the window that a tile needs along an axis, from its first pixel on, and the matrix [tile, part] that resizes it. */
type Taps = { from: number; matrix: Matrix };

function tapsOf({ length, before, share }: Axis, start: number): Taps {
  const last = Math.min(start + tilePx, length) - 1;
  const from = before[start];
  const end = before[last] + (share[last] > 0 ? 2 : 1);
  const weight = (pixel: number, place: number): number => (place === before[pixel] ? 1 - share[pixel] : place === before[pixel] + 1 ? share[pixel] : 0);
  return { from, matrix: matrixOf(last + 1 - start, end - from, (row, column) => weight(start + row, from + column)) };
}

function tileOf(maps: tf.Tensor4D, down: Taps, across: Taps): tf.Tensor4D {
  const part = tf.slice(maps, [0, down.from, across.from, 0], [1, down.matrix.columns, across.matrix.columns, maps.shape[3]]);
  return resizeAxes(part, [{ axis: 1, matrix: down.matrix }, { axis: 2, matrix: across.matrix }]);
}
