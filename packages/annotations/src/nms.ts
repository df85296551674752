import { boxOverlap } from "./box-overlap.ts";
import type { Box } from "./box.ts";

export type NmsOptions = {
  /** A box goes where its IoU with a better one is above this; 0..1. */
  iouThreshold: number;
  /** Class per box: boxes of different classes leave each other alone. One class for all unless given. */
  classes?: ArrayLike<number>;
};

/**
 * The indices of the boxes that non-maximum suppression keeps, by falling score; of equal scores the first comes first.
 *
 * @param boxes `xyxy`
 * @throws where there is not one score (and class) per box, or the threshold lies outside 0..1
 * Source: torchvision.ops `nms` and `batched_nms`.
 */
export function nms(boxes: readonly Box[], scores: ArrayLike<number>, { iouThreshold, classes }: NmsOptions): number[] {
  for (const [name, list] of [["scores", scores], ["classes", classes ?? scores]] as const) {
    if (list.length !== boxes.length) throw new Error(`nms(${name}): expected one for each of ${boxes.length} boxes, got ${list.length}. Give all in the same order.`);
  }
  if (!(iouThreshold >= 0 && iouThreshold <= 1)) throw new Error(`nms(iouThreshold): expected a number from 0 to 1, got ${iouThreshold}. 0.5 is usual.`);
  const order = boxes.map((_, index) => index).sort((a, b) => scores[b] - scores[a]);
  const kept: number[] = [];
  for (const index of order) {
    const covers = (better: number) => (!classes || classes[better] === classes[index]) && boxOverlap(boxes[better], boxes[index]) > iouThreshold;
    if (!kept.some(covers)) kept.push(index);
  }
  return kept;
}
