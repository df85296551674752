type Point = { readonly x: number; readonly y: number };

/**
 * Returns the exponential moving average of y over neighbouring points, free of the bias towards the first ones.
 *
 * The average reaches back over about a fiftieth of the points; values that are not finite stay and do not count.
 */
export function smooth(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / Math.max(1, points.length / 50);
  let sum = 0;
  let weight = 0;
  return points.map(({ x, y }) => {
    if (!Number.isFinite(y)) return { x, y };
    sum = keep * sum + y;
    weight = keep * weight + 1;
    return { x, y: sum / weight };
  });
}

/** A stretch of points that begins at x: the range of its finite values, and its last one, NaN where one is not finite. */
export type Stretch = { readonly x: number; readonly low: number; readonly high: number; readonly y: number };

/** Returns the points in at most `count` stretches of equal length, so that a plot of many stays small and shows its spikes. */
export function inStretches(points: readonly Point[], count: number): Stretch[] {
  const length = Math.max(1, Math.ceil(points.length / count));
  const starts = Array.from({ length: Math.ceil(points.length / length) }, (_, index) => index * length);
  return starts.map((start) => {
    const values = points.slice(start, start + length).map(({ y }) => y);
    const finite = values.filter(Number.isFinite);
    const y = finite.length === values.length ? values.at(-1)! : Number.NaN;
    return { x: points[start].x, low: Math.min(...finite), high: Math.max(...finite), y };
  });
}
