import { convertBox, maskToCoco, type CocoResult } from "@flexivit/annotations";
import type { Detection } from "./decode.ts";

/**
 * Detections as a COCO result file holds them, for `evaluateCoco` or any other tool.
 *
 * @param detections per picture
 * @param imageIds id of each picture
 * @param categoryIds id of each class of the head
 * @throws where a picture or a class has no id
 */
export function cocoResults(detections: readonly (readonly Detection[])[], imageIds: readonly number[], categoryIds: readonly number[]): CocoResult[] {
  if (imageIds.length !== detections.length) throw new Error(`cocoResults(imageIds): expected one for each of ${detections.length} pictures, got ${imageIds.length}. Give both in the same order.`);
  return detections.flatMap((found, picture) =>
    found.map(({ box, class: index, score, mask }): CocoResult => {
      if (index >= categoryIds.length) throw new Error(`cocoResults(categoryIds): expected one for each class, got ${categoryIds.length} and class ${index}. Give the ids in the order of the head's classes.`);
      const result = { image_id: imageIds[picture], category_id: categoryIds[index], score, bbox: convertBox(box, "xyxy", "xywh") };
      return mask ? { ...result, segmentation: maskToCoco(mask) } : result;
    }),
  );
}
