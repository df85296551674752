import { combineMasks } from "./combine-masks.ts";
import type { Mask, MaskSize } from "./mask.ts";

/** Corners of a polygon in pixels: x0, y0, x1, y1, ... */
export type Polygon = readonly number[];

/** The outline is drawn on a grid this many times as fine as the pixels. */
const finer = 5;

/**
 * The mask of the pixels inside any of the polygons, as COCO rasterises them.
 *
 * The outline is drawn in whole steps of a fifth of a pixel; where it passes the middle of a column of pixels, the mask
 * changes at the next row. So the result equals that of pycocotools to the pixel.
 *
 * @param polygons corners in pixels of the picture; they may reach outside
 * @throws where a polygon has fewer than 3 corners, half a corner or a number that is not finite
 * Source: pycocotools `mask.frPyObjects` and `merge`.
 */
export function maskFromPolygons(polygons: readonly Polygon[], size: MaskSize): Mask {
  for (const polygon of polygons) {
    if (polygon.length >= 6 && polygon.length % 2 === 0 && polygon.every(Number.isFinite)) continue;
    throw new Error(`maskFromPolygons(polygons): expected at least 3 corners of two finite numbers each, got [${polygon.join(", ")}]. Remove or correct the polygon.`);
  }
  if (polygons.length === 0) return { height: size[0], width: size[1], counts: [size[0] * size[1]] };
  return combineMasks(polygons.map((polygon) => fill(polygon, size)), "union");
}

function fill(polygon: Polygon, [height, width]: MaskSize): Mask {
  const changes = columnCrossings(polygon, height, width).sort((a, b) => a - b);
  const counts: number[] = [];
  let last = 0;
  for (const change of [...changes, height * width]) {
    counts.push(change - last);
    last = change;
  }
  return { height, width, counts: withoutEmptyRuns(counts) };
}

/** Places, counted column by column, at which the mask changes: where the outline passes the middle of a column. */
function columnCrossings(polygon: Polygon, height: number, width: number): number[] {
  const places: number[] = [];
  let [beforeX, beforeY] = [NaN, NaN];
  walkOutline(polygon, (x, y) => {
    const column = inPixels(x < beforeX ? x : x - 1);
    if (x !== beforeX && !Number.isNaN(beforeX) && Number.isInteger(column) && column >= 0 && column < width) {
      places.push(column * height + Math.ceil(Math.min(Math.max(inPixels(Math.min(y, beforeY)), 0), height)));
    }
    [beforeX, beforeY] = [x, y];
  });
  return places;
}

type Visit = (x: number, y: number) => void;

/** Visits the points of the fine grid along the outline, in order, corner by corner. */
function walkOutline(polygon: Polygon, visit: Visit): void {
  const fine = polygon.map((pixels) => Math.trunc(finer * pixels + 0.5));
  for (let i = 0; i < fine.length; i += 2) {
    const next = (i + 2) % fine.length;
    const [dx, dy] = [Math.abs(fine[next] - fine[i]), Math.abs(fine[next + 1] - fine[i + 1])];
    if (dx >= dy) walkEdge(fine[i], fine[i + 1], fine[next], fine[next + 1], visit);
    else walkEdge(fine[i + 1], fine[i], fine[next + 1], fine[next], (y, x) => visit(x, y));
  }
}

/** One point per step along the first axis, the longer one, both ends included. Rounding runs from the lower end, whatever the direction. */
function walkEdge(from: number, fromAcross: number, to: number, toAcross: number, visit: Visit): void {
  const steps = Math.abs(to - from);
  const isBackwards = from > to;
  const [start, startAcross, endAcross] = isBackwards ? [to, toAcross, fromAcross] : [from, fromAcross, toAcross];
  const slope = steps === 0 ? 0 : (endAcross - startAcross) / steps;
  for (let step = 0; step <= steps; step++) {
    const t = isBackwards ? steps - step : step;
    visit(start + t, Math.trunc(startAcross + slope * t + 0.5));
  }
}

const inPixels = (fine: number): number => (fine + 0.5) / finer - 0.5;

/** Two runs around one of length 0 are one run; the first may be empty. */
function withoutEmptyRuns(counts: readonly number[]): number[] {
  const kept = [counts[0]];
  for (let i = 1; i < counts.length; i++) {
    if (counts[i] > 0) kept.push(counts[i]);
    else if (++i < counts.length) kept[kept.length - 1] += counts[i];
  }
  return kept;
}
