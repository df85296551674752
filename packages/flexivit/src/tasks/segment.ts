import { ignoreLabel, mapBatchAt, mapEvaluationBatches } from "@flexivit/data";
import { diceLoss, initSegmenter, pixelCrossEntropy, segment } from "@flexivit/segment";
import { weightedLosses } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import { confusionMeter, confusionMeterInPictures } from "./confusion-meter.ts";
import { mostProbable } from "./most-probable.ts";
import { requireClasses } from "./require-classes.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** A class for every pixel. */
export const segmentTask: TaskDefinition<"segment"> = {
  init: initSegmenter,
  blocks: () => [],
  describe(source, { classes }, where) {
    if (source.classes.length > ignoreLabel) {
      throw new Error(`${where}(source.classes): expected at most ${ignoreLabel}, as label ${ignoreLabel} stands for no class, got ${source.classes.length}. Merge classes or leave some out.`);
    }
    requireClasses(source.classes, classes, where);
    return { classes: [...source.classes] };
  },
  read: mapBatchAt,
  readAll: (source, options) => mapEvaluationBatches(source, options),
  targets: ({ labels, shape: [batch, height, width] }) => ({ labels: tf.tensor3d(labels, [batch, height, width], "int32") }),
  outputs: segment,
  loss(logits, { labels }, _config, { classWeights, dice = 0 }) {
    const crossEntropy = pixelCrossEntropy(logits, labels, { classWeights });
    return dice > 0 ? weightedLosses({ crossEntropy: [1, crossEntropy], dice: [dice, diceLoss(logits, labels)] }) : { loss: crossEntropy };
  },
  meter: (_source, { classes }) => confusionMeter(classes),
  inPictures: {
    readAll: (source, options) => mapEvaluationBatches(source, { ...options, kinds: [] }),
    meter: (source, { classes }) => confusionMeterInPictures(source, classes),
  },
  async predict(logits) {
    const [batch, height, width] = logits.shape;
    const labels = await mostProbable(logits);
    return Array.from({ length: batch }, (_, i) => labels.slice(i * height * width, (i + 1) * height * width));
  },
};
