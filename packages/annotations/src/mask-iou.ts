import { cocoBoxIous } from "./box-overlap.ts";
import { assertSameSize, sharedPixels } from "./combine-masks.ts";
import { maskArea, maskBox, type Mask } from "./mask.ts";

/**
 * Intersection over union, in pixels, of every detection with every true object.
 *
 * A crowd region has the detection's own area as union: how much of the detection it covers.
 *
 * @param crowd per true object, whether it is a crowd region; none unless given
 * @returns [detections][truths]
 * @throws where sizes differ
 * Source: pycocotools `mask.iou`.
 */
export function maskIous(detections: readonly Mask[], truths: readonly Mask[], crowd: readonly boolean[] = []): number[][] {
  const areas = truths.map(maskArea);
  const boxIous = cocoBoxIous(detections.map(maskBox), truths.map(maskBox)); // most pairs are far apart
  return detections.map((detection, d) => {
    const area = maskArea(detection);
    return truths.map((truth, t) => {
      assertSameSize("maskIous(masks)", detection, truth);
      const shared = boxIous[d][t] > 0 ? sharedPixels(detection, truth) : 0;
      return shared === 0 ? 0 : shared / (crowd[t] ? area : area + areas[t] - shared);
    });
  });
}
