import { ignoreLabel, mapBatchAt, mapEvaluationBatches, type MapBatch } from "@flexivit/data";
import { confusionMatrix, diceLoss, initSegmenter, pixelCrossEntropy, segment, segmentationMetrics, type ConfusionMatrix } from "@flexivit/segment";
import { weightedLosses } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import type { Meter } from "../evaluation-pass.ts";
import { requireClasses } from "./require-classes.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** A class for every pixel. */
export const segmentTask: TaskDefinition<"segment"> = {
  init: initSegmenter,
  blocks: () => [],
  describe(source, { classes }, where) {
    requireClasses(source.classes, classes, where);
    return { classes: [...source.classes] };
  },
  read: mapBatchAt,
  readAll: mapEvaluationBatches,
  targets: ({ labels, shape: [batch, height, width] }) => ({ labels: tf.tensor3d(labels, [batch, height, width], "int32") }),
  outputs: segment,
  loss(logits, { labels }, _config, { classWeights, dice = 0 }) {
    const crossEntropy = pixelCrossEntropy(logits, labels, { classWeights });
    return dice > 0 ? weightedLosses({ crossEntropy: [1, crossEntropy], dice: [dice, diceLoss(logits, labels)] }) : { loss: crossEntropy };
  },
  meter: (_source, { classes }) => confusionMeter(classes),
  async predict(logits) {
    const [batch, height, width] = logits.shape;
    const labels = await mostProbable(logits);
    return Array.from({ length: batch }, (_, i) => labels.slice(i * height * width, (i + 1) * height * width));
  },
};

/** Mean IoU over the classes in truth or prediction, and accuracies, in pixels of the input. */
function confusionMeter(classes: number): Meter<tf.Tensor4D, MapBatch<"labels">> {
  let matrix: ConfusionMatrix | undefined;
  return {
    async add(logits, { labels }) {
      matrix = confusionMatrix(labels, await mostProbable(logits), { classes, ignoreLabel }, matrix);
    },
    figures() {
      if (!matrix?.counts.some((count) => count > 0)) throw new Error("evaluateTask(source): expected pixels with a class, got none. Check the labels.");
      const { meanIou, pixelAccuracy, meanAccuracy } = segmentationMetrics(matrix);
      return { meanIou, pixelAccuracy, meanAccuracy };
    },
  };
}

/** [batch * height * width]: the class with the largest of the logits [batch, height, width, classes]. */
async function mostProbable(logits: tf.Tensor4D): Promise<Int32Array> {
  const labels = tf.argMax(logits, -1);
  try {
    return (await labels.data()) as Int32Array;
  } finally {
    labels.dispose();
  }
}
