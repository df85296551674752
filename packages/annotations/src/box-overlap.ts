import { boxArea, type Box } from "./box.ts";

/**
 * How the overlap of two boxes is measured.
 *
 * - `iou`: intersection / union, 0..1
 * - `giou`: less the share of the smallest box around both that neither covers, -1..1
 * - `diou`: `iou` less the squared distance of the centres / squared diagonal of that box
 * - `ciou`: `diou` less a term for unequal shapes
 */
export type Overlap = "iou" | "giou" | "diou" | "ciou";

/**
 * The overlap of two boxes `xyxy`; 0 for two boxes without area in the same place.
 *
 * `ciou` takes `v^2 / (1 - iou + v)` off, with `v = (4 / pi^2) (atan(width / height of a) - atan(that of b))^2`.
 *
 * @throws where the measure does not exist
 * Source: torchvision.ops; GIoU is arXiv 1902.09630, DIoU and CIoU are arXiv 1911.08287.
 */
export function boxOverlap(a: Box, b: Box, measure: Overlap = "iou"): number {
  const intersection = sharedArea(a, b);
  const union = boxArea(a) + boxArea(b) - intersection;
  const iou = ratio(intersection, union);
  switch (measure) {
    case "iou":
      return iou;
    case "giou": {
      const around = boxArea(hull(a, b));
      return iou - ratio(around - union, around);
    }
    case "diou":
      return iou - centreDistance(a, b);
    case "ciou": {
      const v = shapeDifference(a, b);
      return iou - centreDistance(a, b) - ratio(v * v, 1 - iou + v);
    }
    default:
      throw new Error(`boxOverlap(measure): expected one of iou, giou, diou, ciou, got "${String(measure)}". Use one of these measures.`);
  }
}

function sharedArea(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

function hull(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** Squared distance of the centres as a share of the squared diagonal of the smallest box around both. */
function centreDistance(a: Box, b: Box): number {
  const [left, top, right, bottom] = hull(a, b);
  const dx = (a[0] + a[2] - b[0] - b[2]) / 2;
  const dy = (a[1] + a[3] - b[1] - b[3]) / 2;
  return ratio(dx * dx + dy * dy, (right - left) ** 2 + (bottom - top) ** 2);
}

function shapeDifference(a: Box, b: Box): number {
  const slope = (box: Box) => Math.atan2(box[2] - box[0], box[3] - box[1]);
  return (4 / Math.PI ** 2) * (slope(a) - slope(b)) ** 2;
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/**
 * Intersection over union of every detection with every true object, boxes `xywh`.
 *
 * A crowd region has the detection's own area as union: how much of the detection it covers.
 *
 * @param crowd per true object, whether it is a crowd region; none unless given
 * @returns [detections][truths]
 * Source: pycocotools `mask.iou` for boxes, with the same order of operations.
 */
export function cocoBoxIous(detections: readonly Box[], truths: readonly Box[], crowd: readonly boolean[] = []): number[][] {
  return detections.map((detection) => truths.map((truth, index) => cocoBoxIou(detection, truth, crowd[index] ?? false)));
}

function cocoBoxIou(a: Box, b: Box, isCrowd: boolean): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  const intersection = width * height;
  const area = a[2] * a[3];
  return intersection / (isCrowd ? area : area + b[2] * b[3] - intersection);
}
