import { boxArea, convertBox, maskArea, maskToCoco, type CocoAnnotation, type CocoDataset, type CocoResult } from "@flexivit/annotations";
import type { ObjectBatch, ObjectSource, PictureObject } from "@flexivit/data";
import { cocoMetrics, cocoResults, type CocoNumbers, type DetectorConfig, type Predictions } from "@flexivit/detect";
import type { Figures } from "@flexivit/train";
import type { Meter } from "../evaluation-pass.ts";
import { detectionsInPictures } from "./detections-in-pictures.ts";
import type { TaskEvaluateOptions } from "./task-definition.ts";

/** Those of COCO's numbers that are reported, for boxes and for masks. */
const reported = ["AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "AR100"] as const satisfies readonly (keyof CocoNumbers)[];

/** Lower than what is shown: precision at high recalls counts too. */
const scoreThreshold = 0.01;

/**
 * COCO's numbers in pixels of the pictures as they are, so that small, medium and large mean what COCO means: `AP`, `AP50`,
 * ..., and of masks `maskAP`, `maskAP50`, ... where the head has them. A size that no object has is left out.
 *
 * Detections below 0.01 do not count. An object's area is that of its file, else of its mask, else of its box. Where no picture
 * has an object there are no figures, which is an error unless somebody is told the detections.
 */
export function cocoMeter(source: ObjectSource, config: DetectorConfig, { onDetections }: Pick<TaskEvaluateOptions, "onDetections"> = {}): Meter<Predictions, ObjectBatch> {
  const { classes, categoryIds, imageIds } = source;
  const truth: CocoDataset = { images: [], annotations: [], categories: classes.map((name, i) => ({ id: categoryIds[i], name })) };
  const results: CocoResult[] = [];
  return {
    async add(predictions, { indices, seen }) {
      const found = await detectionsInPictures(predictions, config, seen, { scoreThreshold });
      const ofBatch = cocoResults(found, Array.from(indices, (index) => imageIds[index]), categoryIds);
      results.push(...ofBatch);
      onDetections?.(ofBatch);
      for (const [i, index] of indices.entries()) {
        const [height, width] = seen[i].size;
        const id = imageIds[index];
        truth.images.push({ id, height, width });
        truth.annotations.push(...source.objects(index).map((object) => annotationOf(object, id, categoryIds, config.masks !== undefined)));
      }
    },
    figures(): Figures {
      if (truth.annotations.length === 0 && onDetections) return {};
      if (truth.annotations.length === 0) throw new Error(`evaluateTask(source): expected pictures with objects, got none in ${truth.images.length} pictures. Add annotations.`);
      const boxes = numbersOf(cocoMetrics(truth, results, { iou: "bbox" }), (name) => name);
      return config.masks ? { ...boxes, ...numbersOf(cocoMetrics(truth, results, { iou: "segm" }), (name) => `mask${name}`) } : boxes;
    },
  };
}

function annotationOf({ box, class: index, crowd, area, mask }: PictureObject, imageId: number, categoryIds: readonly number[], wantsMask: boolean): CocoAnnotation {
  return {
    image_id: imageId,
    category_id: categoryIds[index],
    bbox: convertBox(box, "xyxy", "xywh"),
    area: area ?? (mask ? maskArea(mask) : boxArea(box)),
    iscrowd: crowd ? 1 : 0,
    ...(wantsMask && mask && { segmentation: maskToCoco(mask) }),
  };
}

function numbersOf(numbers: CocoNumbers, title: (name: string) => string): Figures {
  return Object.fromEntries(reported.flatMap((name) => (numbers[name] < 0 ? [] : [[title(name), numbers[name]]])));
}
