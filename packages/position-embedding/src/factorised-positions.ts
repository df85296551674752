import { axes } from "@flexivit/axes";
import { referenceInterpolations, resizeAxes, resizeMatrix, type Interpolation } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { sidesOf, type Grid } from "./grid.ts";

/** Learned vectors per row of a grid, [gridHeight, rowDim], and per column, [gridWidth, columnDim]. */
export type FactorisedPositions = { rows: tf.Tensor2D; columns: tf.Tensor2D };

/**
 * Position embeddings made of two parts at any token grid: the token in row y and column x gets rows[y] followed by
 * columns[x].
 *
 * Each part is resampled along its own axis, linear and differentiable; equal sides change nothing.
 *
 * @param positions `rows` [gridHeight, rowDim] and `columns` [gridWidth, columnDim], float32
 * @param to the grid of the tokens
 * @param interpolation big_vision's for grids unless given
 * @returns [patches, rowDim + columnDim], row by row of the new grid
 * @throws where a part has another rank, or the grid or interpolation is impossible.
 * Source: arXiv 2010.11929 appendix D.4, "2-dimensional positional embedding"; resampled as `resizePositions` does.
 */
export function factorisedPositions(
  { rows, columns }: FactorisedPositions,
  to: Grid,
  interpolation: Interpolation = referenceInterpolations.bigVision.positions,
): tf.Tensor2D {
  const { gridHeight, rowDim } = axes(rows, "factorisedPositions(rows)", "gridHeight rowDim");
  const { gridWidth, columnDim } = axes(columns, "factorisedPositions(columns)", "gridWidth columnDim");
  const [height, width] = sidesOf(to, "factorisedPositions(to)");
  return tf.tidy(() => {
    const ofRows = resizeAxes(rows, [{ axis: 0, matrix: resizeMatrix(gridHeight, height, interpolation) }]);
    const ofColumns = resizeAxes(columns, [{ axis: 0, matrix: resizeMatrix(gridWidth, width, interpolation) }]);
    const parts = [
      tf.tile(tf.reshape(ofRows, [height, 1, rowDim]), [1, width, 1]),
      tf.tile(tf.reshape(ofColumns, [1, width, columnDim]), [height, 1, 1]),
    ];
    return tf.reshape(tf.concat(parts, 2), [height * width, rowDim + columnDim]);
  });
}
