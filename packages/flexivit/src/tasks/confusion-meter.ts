import { ignoreLabel, type MapBatch, type MapSource } from "@flexivit/data";
import { confusionMatrix, segmentationMetrics, type ConfusionMatrix } from "@flexivit/segment";
import type { Figures } from "@flexivit/train";
import type * as tf from "@tensorflow/tfjs-core";
import type { Meter } from "../evaluation-pass.ts";
import { besideTruth } from "./beside-truth.ts";
import { mostProbable } from "./most-probable.ts";

/** Mean IoU over the classes in truth or prediction, and accuracies, in pixels of the input. */
export function confusionMeter(classes: number): Meter<tf.Tensor4D, MapBatch<"labels">> {
  const counts = counting(classes);
  return {
    async add(logits, { labels }) {
      counts.add(labels, await mostProbable(logits));
    },
    figures: counts.figures,
  };
}

/** The same in pixels of the pictures, to which the logits are resized, one picture at a time. */
export function confusionMeterInPictures(source: MapSource<"labels">, classes: number): Meter<tf.Tensor4D, MapBatch<never>> {
  const counts = counting(classes);
  return {
    async add(logits, { indices, seen }) {
      for (const [place, index] of indices.entries()) {
        const { truth, said } = await besideTruth(logits, place, "labels", { source, index, seen: seen[place] });
        counts.add(truth, said);
      }
    },
    figures: counts.figures,
  };
}

function counting(classes: number): { add: (truth: Int32Array, said: Int32Array) => void; figures: () => Figures } {
  let matrix: ConfusionMatrix | undefined;
  return {
    add: (truth, said) => void (matrix = confusionMatrix(truth, said, { classes, ignoreLabel }, matrix)),
    figures() {
      if (!matrix?.counts.some((count) => count > 0)) throw new Error("evaluateTask(source): expected pixels with a class, got none. Check the labels.");
      const { meanIou, pixelAccuracy, meanAccuracy } = segmentationMetrics(matrix);
      return { meanIou, pixelAccuracy, meanAccuracy };
    },
  };
}
