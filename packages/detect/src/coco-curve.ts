import { HIT, MISS, type Matched } from "./coco-matching.ts";

/** The recalls at which COCO reads the precision: 0, 0.01, ..., 1. */
const recalls = Array.from({ length: 101 }, (_, i) => i * 0.01);

/** Per IoU threshold: the precision at 101 recalls, and the recall that is reached. */
export type Curve = { precision: Float64Array; recall: number };

/**
 * Precision at each recall over all pictures, with the best `most` detections of each; undefined without an object.
 *
 * Detections of all pictures are ordered by score (of equal scores, the earlier picture first). The precision at a recall is
 * the largest at that recall or any above, 0 where none reaches it.
 *
 * @returns per threshold
 * Source: pycocotools `COCOeval.accumulate`.
 */
export function precisionCurves(pictures: readonly Matched[], most: number): Curve[] | undefined {
  const objects = pictures.reduce((sum, picture) => sum + picture.objects, 0);
  if (objects === 0) return undefined;
  const scores = pictures.flatMap((picture) => picture.scores.slice(0, most));
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  const outcomes = new Uint8Array(scores.length);
  return pictures[0].outcomes.map((_, threshold) => {
    let place = 0;
    for (const picture of pictures) {
      const best = picture.outcomes[threshold].subarray(0, most);
      outcomes.set(best, place);
      place += best.length;
    }
    return curve(Uint8Array.from(order, (place) => outcomes[place]), objects);
  });
}

function curve(outcomes: Uint8Array, objects: number): Curve {
  const reached = new Float64Array(outcomes.length);
  const precise = new Float64Array(outcomes.length);
  let [hits, misses] = [0, 0];
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome === HIT) hits++;
    else if (outcome === MISS) misses++;
    reached[i] = hits / objects;
    precise[i] = hits / (hits + misses + Number.EPSILON);
  }
  for (let i = precise.length - 1; i > 0; i--) precise[i - 1] = Math.max(precise[i - 1], precise[i]);
  const precision = new Float64Array(recalls.length);
  for (let i = 0, place = 0; i < recalls.length; i++) {
    while (place < reached.length && reached[place] < recalls[i]) place++;
    precision[i] = precise[place] ?? 0;
  }
  return { precision, recall: reached.at(-1) ?? 0 };
}
