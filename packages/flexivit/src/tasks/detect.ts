import { objectBatchAt, objectEvaluationBatches, type Framing, type ScaleCrop } from "@flexivit/data";
import { decodeDetections, detect, detectionLoss, detectionTargets, initDetector } from "@flexivit/detect";
import { cocoMeter } from "./coco-meter.ts";
import { decodingOf } from "./decoding.ts";
import { requireClasses } from "./require-classes.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** Objects with boxes, and with masks where the head has them. */
export const detectTask: TaskDefinition<"detect"> = {
  init: initDetector,
  blocks: () => [],
  describe(source, { classes }, where) {
    requireClasses(source.classes, classes, where);
    return { classes: [...source.classes], categoryIds: [...source.categoryIds] };
  },
  read: (source, at, { framing, ...options }) => objectBatchAt(source, at, { ...options, framing: withoutScaleCrop(framing) }),
  readAll: objectEvaluationBatches,
  targets: ({ objects, shape: [, height, width] }, { masks }, [rows, columns]) => {
    // The cells of a mask are a quarter of the patches' side; finer targets would be averaged to them.
    const maskSize = [Math.min(height, 4 * rows), Math.min(width, 4 * columns)] as const;
    return detectionTargets(objects, { sizePx: [height, width], ...(masks && { maskSize }) });
  },
  outputs: detect,
  loss: (predictions, targets, { objective }, options) => ({ ...detectionLoss(predictions, targets, { ...options, objective }) }),
  meter: cocoMeter,
  predict: (predictions, config, sizePx, options) =>
    decodeDetections(predictions, { ...options, ...decodingOf(config), sizesPx: Array.from({ length: predictions.logits.shape[0] }, () => sizePx) }),
};

function withoutScaleCrop(framing: Framing | ScaleCrop): Framing {
  if (framing.kind !== "scale-crop") return framing;
  throw new Error('trainTask(trainFraming): expected a framing of pictures with objects, got "scale-crop". Use "inception-crop".');
}
