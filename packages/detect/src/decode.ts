import { convertBox, encodeMask, nms, type Box, type Mask } from "@flexivit/annotations";
import * as tf from "@tensorflow/tfjs-core";
import type { DetectionObjective } from "./detector-config.ts";
import type { Predictions } from "./detector.ts";
import { resizeMaps } from "./targets.ts";

/** An object that was found: `box` is `xyxy` in pixels of the picture, `mask` has the picture's size. */
export type Detection = { box: Box; class: number; score: number; mask?: Mask };

export type DecodeOptions = {
  /** As in the config of the head; `focal` unless given. */
  objective?: DetectionObjective;
  /** Height and width of each picture, in pixels: boxes and masks are of this size. */
  sizesPx: readonly (readonly [height: number, width: number])[];
  /** Detections below this are left out; 0.05 unless given. */
  scoreThreshold?: number;
  /** The most detections of a picture; 100, as COCO counts them, unless given. */
  most?: number;
  /** Boxes of a class that overlap a better one by more than this IoU go. None unless given: training with one box per object makes that needless. */
  iouThreshold?: number;
};

/**
 * What was found in each picture of a batch, best first.
 *
 * `focal`: every class of every box is a candidate, scored by its sigmoid. `softmax`: every box is one, scored by the
 * probability of its best class. A pixel is in a mask where its probability, resized to the picture, is above a half.
 *
 * @throws where there is not one size per picture
 */
export async function decodeDetections(predictions: Predictions, options: DecodeOptions): Promise<Detection[][]> {
  const [batch, boxes, outputs] = predictions.logits.shape;
  const { objective = "focal", sizesPx } = options;
  if (sizesPx.length !== batch) throw new Error(`decodeDetections(sizesPx): expected one size for each of ${batch} pictures, got ${sizesPx.length}. Give height and width of each.`);
  const [logits, corners] = await Promise.all([predictions.logits.data(), predictions.boxes.data()]);
  const found: Detection[][] = [];
  for (const [image, size] of sizesPx.entries()) {
    const candidates = Array.from({ length: boxes }, (_, index) => index).flatMap((index) => {
      const place = image * boxes + index;
      const box = pictureBox(corners.subarray(4 * place, 4 * place + 4) as Float32Array, size);
      return scores[objective](logits.subarray(place * outputs, (place + 1) * outputs) as Float32Array).map((scored) => ({ ...scored, box, index }));
    });
    const kept = keepBest(candidates, options);
    const masks = await masksOf(predictions, image, kept.map(({ index }) => index), size);
    found.push(kept.map(({ box, class: label, score }, i) => ({ box, class: label, score, ...(masks ? { mask: masks[i] } : {}) })));
  }
  return found;
}

type Candidate = Detection & { index: number };

const scores: Record<DetectionObjective, (logits: Float32Array) => { class: number; score: number }[]> = {
  focal: (logits) => Array.from(logits, (logit, index) => ({ class: index, score: 1 / (1 + Math.exp(-logit)) })),
  softmax(logits) {
    const classes = logits.subarray(0, -1);
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    const best = Math.max(...classes);
    return [{ class: classes.indexOf(best), score: Math.exp(best - largest) / sum }];
  },
};

function keepBest(candidates: readonly Candidate[], { scoreThreshold = 0.05, most = 100, iouThreshold }: DecodeOptions): Candidate[] {
  const sorted = candidates.filter(({ score }) => score >= scoreThreshold).sort((a, b) => b.score - a.score);
  if (iouThreshold === undefined) return sorted.slice(0, most);
  const alone = nms(sorted.map(({ box }) => box), sorted.map(({ score }) => score), { iouThreshold, classes: sorted.map((candidate) => candidate.class) });
  return alone.slice(0, most).map((index) => sorted[index]);
}

/** The part of the box that lies in the picture, `xyxy` in pixels. */
function pictureBox([x, y, boxWidth, boxHeight]: Float32Array, [height, width]: readonly [number, number]): Box {
  const [left, top, right, bottom] = convertBox([x, y, boxWidth, boxHeight], "cxcywh", "xyxy");
  const within = (share: number, side: number) => Math.min(Math.max(share, 0), 1) * side;
  return [within(left, width), within(top, height), within(right, width), within(bottom, height)];
}

/** The masks of some boxes of an image, one at a time: all of them at the size of the picture may be large. */
async function masksOf({ masks }: Predictions, image: number, indices: readonly number[], [height, width]: readonly [number, number]): Promise<Mask[] | undefined> {
  if (!masks) return undefined;
  const [, mapHeight, mapWidth, maskDim] = masks.pixels.shape;
  const made: Mask[] = [];
  for (const index of indices) {
    const inside = tf.tidy(() => {
      const pixels = tf.reshape(tf.slice(masks.pixels, [image, 0, 0, 0], [1, mapHeight, mapWidth, maskDim]), [mapHeight * mapWidth, maskDim]);
      const embedding = tf.reshape(tf.slice(masks.embeddings, [image, index, 0], [1, 1, maskDim]), [maskDim, 1]);
      const probabilities = tf.sigmoid(tf.reshape(tf.matMul(pixels, embedding), [mapHeight, mapWidth]));
      return tf.greater(resizeMaps(probabilities, height, width), 0.5);
    });
    made.push(encodeMask(await inside.data(), [height, width]));
    inside.dispose();
  }
  return made;
}
