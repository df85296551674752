/** What became of a detection at one IoU threshold. An ignored one counts neither for nor against. */
export const MISS = 0;
export const HIT = 1;
export const IGNORED = 2;

/** Objects whose area lies in a range (ends included), in pixels. */
export type AreaRange = readonly [least: number, most: number];

/** The detections of one category in one picture, best first, and the true objects of that category there. */
export type MatchInput = {
  /** [detections], falling */
  scores: readonly number[];
  /** [detections], in pixels */
  areas: readonly number[];
  /** [objects], in pixels */
  objectAreas: readonly number[];
  /** [objects], whether each is a region of many objects */
  crowd: readonly boolean[];
  /** [detections][objects] */
  ious: readonly (readonly number[])[];
};

/** The outcome for one range of areas. */
export type Matched = {
  /** True objects that count: no crowd and of an area in the range. */
  objects: number;
  /** [detections], falling */
  scores: readonly number[];
  /** [thresholds][detections], each `MISS`, `HIT` or `IGNORED` */
  outcomes: readonly Uint8Array[];
};

/**
 * Matches detections to true objects as COCO does, at each IoU threshold.
 *
 * From the best down, a detection takes the object with the largest IoU of at least the threshold that is still free;
 * an object that counts goes before one that does not. Crowd regions can be taken any number of times. A detection is
 * ignored where its object is, or where it has none and its own area lies outside the range.
 *
 * Source: pycocotools `COCOeval.evaluateImg`.
 */
export function matchDetections(input: MatchInput, thresholds: readonly number[], range: AreaRange): Matched {
  const outside = (area: number) => area < range[0] || area > range[1];
  const ignored = input.objectAreas.map((area, index) => input.crowd[index] || outside(area));
  const counting = ignored.flatMap((isIgnored, index) => (isIgnored ? [] : [index]));
  const others = ignored.flatMap((isIgnored, index) => (isIgnored ? [index] : []));
  const outcomes = thresholds.map((threshold) => {
    const taken = new Uint8Array(ignored.length);
    return Uint8Array.from(input.areas, (area, detection) => {
      const isFree = (object: number) => taken[object] === 0 || input.crowd[object];
      const best = (objects: readonly number[]) => bestObject(input.ious[detection], objects, isFree, threshold);
      const object = best(counting) ?? best(others);
      if (object === undefined) return outside(area) ? IGNORED : MISS;
      taken[object] = 1;
      return ignored[object] ? IGNORED : HIT;
    });
  });
  return { objects: counting.length, scores: input.scores, outcomes };
}

/** The free object with the largest IoU of at least the threshold; of equals the last, as in the reference. */
function bestObject(ious: readonly number[], objects: readonly number[], isFree: (object: number) => boolean, threshold: number): number | undefined {
  let best: number | undefined;
  let least = Math.min(threshold, 1 - 1e-10); // the reference's: an IoU of 1 is always enough
  for (const object of objects) {
    if (ious[object] < least || !isFree(object)) continue;
    [best, least] = [object, ious[object]];
  }
  return best;
}
