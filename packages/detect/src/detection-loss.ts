import * as tf from "@tensorflow/tfjs-core";
import { corners, giouLoss } from "./box-loss.ts";
import { focalLoss, noObjectCrossEntropy } from "./class-loss.ts";
import type { DetectionObjective } from "./detector-config.ts";
import type { Predictions } from "./detector.ts";
import { maskLosses } from "./mask-loss.ts";
import { type Matches, matchPredictions, matchWeights } from "./matching.ts";
import { type DetectionTargets, resizeMaps } from "./targets.ts";

/** How much each term counts in the loss; the masks' count only where the head and the targets have masks. */
export type DetectionWeights = { class: number; l1: number; giou: number; mask: number; dice: number };

export type DetectionLossOptions = {
  /** As in the config of the head; `focal` unless given. */
  objective?: DetectionObjective;
  /** The weights of the matching, and 1 for both terms of the masks, unless given. */
  weights?: Partial<DetectionWeights>;
  /** Under `softmax`, the weight of a box that is to find nothing; 0.1 unless given, as in DETR. */
  noObjectWeight?: number;
  /** From `matchPredictions`; made here unless given. */
  matches?: Matches;
};

/** The loss and its terms before they are weighted: the training loop logs them all. */
export type DetectionLosses = { loss: tf.Scalar; classLoss: tf.Scalar; l1Loss: tf.Scalar; giouLoss: tf.Scalar; maskLoss?: tf.Scalar; diceLoss?: tf.Scalar };

/**
 * Loss of a set of predictions: every true object is matched with one box, and the others are to find nothing.
 *
 * All terms but the softmax's, which is a weighted mean over all boxes, are sums over matched pairs (focal: over all boxes
 * and classes) divided by the number of objects in the batch. L1 and GIoU compare boxes; cross-entropy and Dice compare
 * masks, the true ones resized to the cells of the predicted.
 *
 * @throws where a cost is not finite
 * Source: DETR, arXiv 2005.12872; Deformable DETR, arXiv 2010.04159, for `focal`.
 */
export function detectionLoss(predictions: Predictions, targets: DetectionTargets, options: DetectionLossOptions = {}): DetectionLosses {
  const { objective = "focal", noObjectWeight = 0.1 } = options;
  const weights: DetectionWeights = { ...matchWeights[objective], mask: 1, dice: 1, ...options.weights };
  const matches = options.matches ?? matchPredictions(predictions, targets, objective, weights);
  return tf.tidy(() => {
    const goal = goalOf(predictions, targets, matches, objective);
    const perObject = (losses: tf.Tensor) => tf.div(tf.sum(losses), goal.objects) as tf.Scalar;
    const terms = {
      classLoss: objective === "focal" ? perObject(focalLoss(predictions.logits, goal.classes)) : noObjectCrossEntropy(predictions.logits, goal.classes, noObjectWeight),
      l1Loss: perObject(tf.mul(tf.sum(tf.abs(tf.sub(predictions.boxes, goal.boxes)), 2), goal.matched)),
      giouLoss: perObject(tf.mul(giouLoss(corners(predictions.boxes), corners(goal.boxes)), goal.matched)),
    };
    const boxLoss = tf.addN([tf.mul(terms.classLoss, weights.class), tf.mul(terms.l1Loss, weights.l1), tf.mul(terms.giouLoss, weights.giou)]);
    if (!predictions.masks || !targets.masks) return { loss: boxLoss as tf.Scalar, ...terms };
    const masks = matchedMaskLosses(predictions.masks, targets.masks, matches);
    const [maskLoss, diceLoss] = [perObject(masks.crossEntropy), perObject(masks.dice)];
    return { loss: tf.addN([boxLoss, tf.mul(maskLoss, weights.mask), tf.mul(diceLoss, weights.dice)]) as tf.Scalar, ...terms, maskLoss, diceLoss };
  });
}

/** What each box should say. */
type Goal = {
  /** [batch, boxes, outputs] */
  classes: tf.Tensor3D;
  /** [batch, boxes, 4]; a box of the whole image where nothing is to be found */
  boxes: tf.Tensor3D;
  /** [batch, boxes]: 1 for boxes that have an object */
  matched: tf.Tensor2D;
  /** Number of objects in the batch, at least 1. */
  objects: number;
};

function goalOf({ logits, boxes }: Predictions, targets: DetectionTargets, matches: Matches, objective: DetectionObjective): Goal {
  const [batch, count, outputs] = logits.shape;
  const [trueClasses, trueBoxes] = [targets.classes.dataSync(), targets.boxes.dataSync()];
  const matched = new Float32Array(batch * count);
  const classes = new Float32Array(logits.size);
  if (objective === "softmax") for (let box = 0; box < batch * count; box++) classes[(box + 1) * outputs - 1] = 1;
  const goalBoxes = Float32Array.from({ length: boxes.size }, (_, i) => (i % 4 < 2 ? 0.5 : 1));
  for (const [image, match] of matches.entries()) {
    for (const [object, box] of match.entries()) {
      if (box < 0) continue;
      const [place, from] = [image * count + box, image * match.length + object];
      matched[place] = 1;
      if (objective === "softmax") classes[(place + 1) * outputs - 1] = 0;
      classes[place * outputs + trueClasses[from]] = 1;
      goalBoxes.set(trueBoxes.subarray(4 * from, 4 * from + 4), 4 * place);
    }
  }
  return {
    classes: tf.tensor3d(classes, [batch, count, outputs]),
    boxes: tf.tensor3d(goalBoxes, [batch, count, 4]),
    matched: tf.tensor2d(matched, [batch, count]),
    objects: Math.max(1, trueClasses.filter((index) => index >= 0).length),
  };
}

/** Losses of the masks of matched boxes, [batch * objects]; 0 where an object has no box. Only their masks are made. */
function matchedMaskLosses({ embeddings, pixels }: NonNullable<Predictions["masks"]>, targets: tf.Tensor4D, matches: Matches): { crossEntropy: tf.Tensor1D; dice: tf.Tensor1D } {
  const [batch, boxes] = embeddings.shape;
  const [, height, width, maskDim] = pixels.shape;
  const objects = targets.shape[1];
  const chosen = new Float32Array(batch * objects * boxes);
  for (const [image, match] of matches.entries()) for (const [object, box] of match.entries()) if (box >= 0) chosen[(image * objects + object) * boxes + box] = 1;
  // Not a gather: its gradient is missing on WebAssembly.
  const selected = tf.matMul(tf.tensor3d(chosen, [batch, objects, boxes]), embeddings);
  const logits = tf.matMul(selected, tf.reshape(pixels, [batch, height * width, maskDim]), false, true); // [batch, objects, pixels]
  const wanted = resizeMaps(targets, height, width);
  const rows = [batch * objects, height * width] as [number, number];
  const losses = maskLosses(tf.reshape(logits, rows), tf.reshape(wanted, rows));
  const present = tf.tensor1d(matches.flatMap((match) => match.map((box) => (box >= 0 ? 1 : 0))));
  return { crossEntropy: tf.mul(losses.crossEntropy, present), dice: tf.mul(losses.dice, present) };
}
