import type { Grid } from "@flexivit/features";
import { factorisedPositions, indexPositions, resizePositions, sequencePositions, sinCosPositions } from "@flexivit/position-embedding";
import type * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";
import type { PositionParams } from "./params.ts";

/**
 * What is added to the tokens of a grid to tell where they are.
 *
 * @returns [patches, dim], row by row; nothing with positions "none"
 */
export function positionsAt(params: PositionParams | undefined, config: VitConfig, grid: Grid): tf.Tensor2D | undefined {
  const { positionInterpolation } = config;
  if (params === undefined) return config.positions === "sin-cos" ? sinCosPositions(grid, config.dim) : undefined;
  if ("grid" in params) return resizePositions(params.grid, grid, positionInterpolation);
  if ("sequence" in params) return sequencePositions(params.sequence, grid, positionInterpolation);
  if ("rows" in params) return factorisedPositions(params, grid, positionInterpolation);
  return indexPositions(params.direction, grid);
}
