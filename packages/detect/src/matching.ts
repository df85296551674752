import { boxOverlap, convertBox, type Box } from "@flexivit/annotations";
import { munkres } from "munkres";
import type { DetectionObjective } from "./detector-config.ts";
import type { Predictions } from "./detector.ts";
import type { DetectionTargets } from "./targets.ts";

/** How much each part of the cost of a pair counts. */
export type MatchWeights = { class: number; l1: number; giou: number };

/** Per image and object, the index of the box that is to find it; -1 where there is no object, or no box is left. */
export type Matches = readonly (readonly number[])[];

/** DETR's weights for `softmax`; Deformable DETR's for `focal`. */
export const matchWeights: Record<DetectionObjective, MatchWeights> = {
  softmax: { class: 1, l1: 5, giou: 2 },
  focal: { class: 2, l1: 5, giou: 2 },
};

/** Balance and sharpness of the focal loss, in the cost and in the loss. Source: arXiv 1708.02002, section 4.1. */
export const focal = { alpha: 0.25, gamma: 2 };

/**
 * The assignment of boxes to true objects with the smallest total cost, image by image; each box finds at most one object.
 *
 * The cost of a pair is `class * c + l1 * |box - object| - giou * GIoU`, with `c` minus the probability of the class for
 * `softmax`, and for `focal` the focal loss of the class if it is there less that if it is not. It is computed from the
 * numbers, which are read from the device at once.
 *
 * @throws where a class does not exist, or a cost is not finite, as when training has diverged
 * Source: arXiv 2005.12872 section 3.1; arXiv 2010.04159 for `focal`. The assignment is made by the library munkres.
 */
export function matchPredictions(
  predictions: Pick<Predictions, "logits" | "boxes">,
  targets: Pick<DetectionTargets, "boxes" | "classes">,
  objective: DetectionObjective,
  weights: MatchWeights = matchWeights[objective],
): Matches {
  const [batch, boxes, outputs] = predictions.logits.shape;
  const objects = targets.classes.shape[1];
  const [logits, predicted] = [predictions.logits.dataSync(), boxList(predictions.boxes.dataSync())];
  const [classes, wanted] = [targets.classes.dataSync(), boxList(targets.boxes.dataSync())];
  checkClasses(classes, objective === "softmax" ? outputs - 1 : outputs);
  return Array.from({ length: batch }, (_, image) => {
    const present = Array.from({ length: objects }, (_, index) => index).filter((index) => classes[image * objects + index] >= 0);
    const costs = Array.from({ length: boxes }, (_, box) => {
      const place = image * boxes + box;
      const classCosts = classCost[objective](logits.subarray(place * outputs, (place + 1) * outputs) as Float32Array);
      return present.map((index) => weights.class * classCosts[classes[image * objects + index]] + boxCost(predicted[place], wanted[image * objects + index], weights));
    });
    const match = Array<number>(objects).fill(-1);
    for (const [box, column] of assign(costs, image)) match[present[column]] = box;
    return match;
  });
}

function boxCost(a: Box, b: Box, { l1, giou }: MatchWeights): number {
  const distance = a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0);
  return l1 * distance - giou * boxOverlap(convertBox(a, "cxcywh", "xyxy"), convertBox(b, "cxcywh", "xyxy"), "giou");
}

/** Per class, what it costs that a box with these logits is to find an object of the class. */
const classCost: Record<DetectionObjective, (logits: Float32Array) => ArrayLike<number>> = {
  softmax(logits) {
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return Float64Array.from(logits, (logit) => -Math.exp(logit - largest) / sum);
  },
  focal: (logits) => Float64Array.from(logits, (logit) => focalLossOf(logit, focal.alpha) - focalLossOf(-logit, 1 - focal.alpha)),
};

/** `alpha (1 - p)^gamma (-log p)` with p = sigmoid(logit). */
function focalLossOf(logit: number, alpha: number): number {
  const minusLog = Math.max(-logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)));
  return alpha * (1 - Math.exp(-minusLog)) ** focal.gamma * minusLog;
}

function boxList(values: ArrayLike<number>): Box[] {
  return Array.from({ length: values.length / 4 }, (_, i) => [values[4 * i], values[4 * i + 1], values[4 * i + 2], values[4 * i + 3]]);
}

function checkClasses(classes: ArrayLike<number>, count: number): void {
  const wrong = Array.from(classes).find((index) => index >= count);
  if (wrong !== undefined) throw new Error(`matchPredictions(targets.classes): expected indices below ${count}, got ${wrong}. Give the head as many classes as the data has.`);
}

/** The pairs [box, object] with the smallest total cost, as many as the smaller side has. */
export function assign(costs: readonly number[][], image: number): readonly (readonly [box: number, object: number])[] {
  const wrong = costs.flat().find((cost) => !Number.isFinite(cost));
  if (wrong === undefined) return munkres(costs as number[][]);
  throw new Error(`matchPredictions(predictions): expected finite costs, got ${wrong} in image ${image}. Check the targets' boxes; if training diverged, lower the learning rate.`);
}
