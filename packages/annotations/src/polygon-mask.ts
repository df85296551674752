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
  const changes = columnCrossings(outline(polygon), height, width).sort((a, b) => a - b);
  const counts: number[] = [];
  let last = 0;
  for (const change of [...changes, height * width]) {
    counts.push(change - last);
    last = change;
  }
  return { height, width, counts: withoutEmptyRuns(counts) };
}

type Point = [x: number, y: number];

/** The points of the fine grid along the outline, in order, corner by corner. */
function outline(polygon: Polygon): Point[] {
  const corners: Point[] = [];
  for (let i = 0; i < polygon.length; i += 2) corners.push([onFineGrid(polygon[i]), onFineGrid(polygon[i + 1])]);
  return corners.flatMap((corner, i) => edge(corner, corners[(i + 1) % corners.length]));
}

const onFineGrid = (pixels: number): number => Math.trunc(finer * pixels + 0.5);

/** One point per step along the longer axis, both ends included. Rounding runs from the lower end, whatever the direction. */
function edge([fromX, fromY]: Point, [toX, toY]: Point): Point[] {
  const [dx, dy] = [Math.abs(toX - fromX), Math.abs(toY - fromY)];
  if (dx < dy) return edge([fromY, fromX], [toY, toX]).map(([y, x]) => [x, y]);
  if (dx === 0) return [[fromX, fromY]];
  const backwards = fromX > toX;
  const [startX, startY, endY] = backwards ? [toX, toY, fromY] : [fromX, fromY, toY];
  const slope = (endY - startY) / dx;
  return Array.from({ length: dx + 1 }, (_, step): Point => {
    const t = backwards ? dx - step : step;
    return [startX + t, Math.trunc(startY + slope * t + 0.5)];
  });
}

/** Places, counted column by column, at which the mask changes: where the outline passes the middle of a column. */
function columnCrossings(points: readonly Point[], height: number, width: number): number[] {
  const places: number[] = [];
  for (let i = 1; i < points.length; i++) {
    const [[beforeX, beforeY], [x, y]] = [points[i - 1], points[i]];
    if (x === beforeX) continue;
    const column = inPixels(x < beforeX ? x : x - 1);
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue;
    const row = Math.ceil(Math.min(Math.max(inPixels(Math.min(y, beforeY)), 0), height));
    places.push(column * height + row);
  }
  return places;
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
