import { parseCoco, parseCocoResults } from "@flexivit/annotations";
import { cocoMetrics, type CocoMetrics, type IouKind } from "./coco-metrics.ts";

/** What an evaluation prints: how much was compared, and the numbers. */
export type CocoEvaluation = { iou: IouKind; images: number; objects: number; detections: number } & CocoMetrics;

/**
 * COCO's numbers for any detector, from the JSON values of an annotation file and of a result file.
 *
 * @throws with the entry where one of the files is not as the COCO format says
 */
export function evaluateCoco(annotations: unknown, predictions: unknown, iou: IouKind): CocoEvaluation {
  const truth = parseCoco(annotations);
  const detections = parseCocoResults(predictions);
  const counts = { images: truth.images.length, objects: truth.annotations.length, detections: detections.length };
  return { iou, ...counts, ...cocoMetrics(truth, detections, { iou }) };
}
