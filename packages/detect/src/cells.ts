import type { Features } from "@flexivit/features";
import { featurePyramid, type PyramidLevel } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import { type DetectorConfig, usesTokensOnly } from "./detector-config.ts";
import type { DetectorParams } from "./detector-params.ts";

/** The cells of all levels of a head, in one row. */
export type Cells = {
  /** [batch, cells, dim] */
  tokens: tf.Tensor3D;
  /** [cells, 2]: centre x, y as shares of the image's width and height. */
  centres: tf.Tensor2D;
  /** [batch, 4 * gridHeight, 4 * gridWidth, dim], where the head has masks. */
  finest?: tf.Tensor4D;
};

/** The cells that predict or are looked at: the tokens themselves, or those of the levels of the config. */
export function cellsOf(params: DetectorParams, config: DetectorConfig, { tokens, grid }: Pick<Features, "tokens" | "grid">): Cells {
  const [batch, , dim] = tokens.shape;
  const map = tf.reshape<tf.Rank.R4>(tokens, [batch, grid.gridHeight, grid.gridWidth, dim]);
  const made = params.pyramid ? featurePyramid(params.pyramid, map) : {};
  const finest = config.masks && made.x4;
  if (usesTokensOnly(config)) return { tokens, centres: centresOf(grid.gridHeight, grid.gridWidth), finest };
  const maps = (config.levels ?? []).map((level: PyramidLevel) => made[level]!);
  return {
    tokens: tf.concat(maps.map((level) => tf.reshape(level, [batch, level.shape[1] * level.shape[2], dim]) as tf.Tensor3D), 1),
    centres: tf.concat(maps.map((level) => centresOf(level.shape[1], level.shape[2])), 0),
    finest,
  };
}

/** [height * width, 2]: centres x, y of the cells of a grid over the image, row by row. */
function centresOf(height: number, width: number): tf.Tensor2D {
  const cells = Array.from({ length: height * width }, (_, cell) => [((cell % width) + 0.5) / width, (Math.floor(cell / width) + 0.5) / height]);
  return tf.tensor2d(cells, [height * width, 2]);
}
