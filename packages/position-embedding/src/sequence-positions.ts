import { axes } from "@flexivit/axes";
import { referenceInterpolations, resizeAxes, resizeMatrix, type Interpolation } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { sidesOf, type Grid } from "./grid.ts";

/**
 * A learned row of position embeddings for the tokens of any grid, taken row by row: resampled along the row, whatever
 * the shape of the grid.
 *
 * positions_new = R positions, linear and differentiable. Equal lengths change nothing.
 *
 * @param sequence [length, dim], float32
 * @param to the grid of the tokens; only their number matters
 * @param interpolation big_vision's for grids unless given
 * @returns [patches, dim]
 * @throws where the sequence has another rank, or the grid or interpolation is impossible.
 * Source: the 1-D positions of arXiv 2010.11929 appendix D.4, made flexible; resampling them is ours.
 */
export function sequencePositions(
  sequence: tf.Tensor2D,
  to: Grid,
  interpolation: Interpolation = referenceInterpolations.bigVision.positions,
): tf.Tensor2D {
  const { length } = axes(sequence, "sequencePositions(sequence)", "length dim");
  const [height, width] = sidesOf(to, "sequencePositions(to)");
  return resizeAxes(sequence, [{ axis: 0, matrix: resizeMatrix(length, height * width, interpolation) }]);
}
