import { axes } from "@flexivit/axes";
import type { Features } from "@flexivit/features";
import { linear, mlp } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { cellsOf } from "./cells.ts";
import { decodeQueries } from "./decoder.ts";
import type { DetectorConfig } from "./detector-config.ts";
import type { DetectorParams } from "./detector-params.ts";

/** What a detection head says about a batch: so many boxes per image, one per cell or query. */
export type Predictions = {
  /** [batch, boxes, outputs]: logits of the classes; under `softmax` the last one is "no object". */
  logits: tf.Tensor3D;
  /** [batch, boxes, 4]: centre x, centre y, width, height as shares of the image, each in 0..1. */
  boxes: tf.Tensor3D;
  /** Factors of the mask logits, where the head has masks. */
  masks?: {
    /** [batch, boxes, maskDim] */
    embeddings: tf.Tensor3D;
    /** [batch, 4 * gridHeight, 4 * gridWidth, maskDim] */
    pixels: tf.Tensor4D;
  };
};

/**
 * Boxes, classes and masks of a batch, at whatever grid the features have.
 *
 * A box is `sigmoid(mlp(x) + place)`, with the place of the cell or query as logit of its centre: moving a box by a part of
 * the image takes the same numbers at any patch size.
 *
 * @param params from `initDetector` with the same config
 * @param features of any backbone; `tokens` [batch, patches, dim] and `grid` are used
 * @throws where the features have another width than the head, or another number of tokens than the grid
 * Source: one box per token as in OWL-ViT, arXiv 2205.06230; queries as in DETR, arXiv 2005.12872.
 */
export function detect(params: DetectorParams, config: DetectorConfig, features: Pick<Features, "tokens" | "grid">): Predictions {
  const { gridHeight, gridWidth } = features.grid;
  axes(features.tokens, "detect(features.tokens)", "batch patches dim", { patches: gridHeight * gridWidth, dim: config.dim });
  return tf.tidy(() => {
    const cells = cellsOf(params, config, features);
    const { predictors } = config;
    const x = predictors.kind === "queries" ? decodeQueries(params.decoder!, predictors.heads, cells) : cells.tokens;
    const place = predictors.kind === "queries" ? params.decoder!.reference : logitOf(cells.centres); // [boxes, 2]
    const still = tf.zeros([place.shape[0], 2]); // width and height have no place
    return {
      logits: linear(x, params.classes.kernel, params.classes.bias),
      boxes: tf.sigmoid(tf.add(mlp(params.boxes, x, "erf"), tf.concat([place, still], 1))) as tf.Tensor3D,
      ...(params.masks && cells.finest
        ? { masks: { embeddings: mlp(params.masks.embedding, x, "erf"), pixels: linear(cells.finest, params.masks.pixels.kernel, params.masks.pixels.bias) } }
        : {}),
    };
  });
}

const logitOf = (shares: tf.Tensor2D): tf.Tensor2D => tf.sub(tf.log(shares), tf.log1p(tf.neg(shares)));
