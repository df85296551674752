import { axes } from "@flexivit/axes";
import { referenceInterpolations, resizeAxes, resizeMatrix, type Interpolation } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";
import { sidesOf, type Grid } from "./grid.ts";

/**
 * A learned grid of position embeddings at any token grid, as the rows that are added to the patch tokens.
 *
 * positions_new = R_height positions R_width', linear and differentiable: train the one stored grid through it.
 * Equal grids change nothing. Rows for prefix tokens are not part of the grid: keep them apart.
 *
 * @param positions [gridHeight, gridWidth, dim], float32
 * @param to the grid of the tokens
 * @param interpolation big_vision's, in the forward pass of flexible models, unless given: bilinear with antialias.
 *   It is a property of the weights: see `referenceInterpolations` of @flexivit/resample.
 * @returns [patches, dim], row by row of the new grid
 * @throws where the positions have another rank, or the grid or interpolation is impossible.
 * Source: arXiv 2212.08013 section 3; equal to `jax.image.resize` "linear", timm `resample_abs_pos_embed` and
 * `scipy.ndimage.zoom` of order 1 under their interpolations.
 */
export function resizePositions(
  positions: tf.Tensor3D,
  to: Grid,
  interpolation: Interpolation = referenceInterpolations.bigVision.positions,
): tf.Tensor2D {
  const { gridHeight, gridWidth, dim } = axes(positions, "resizePositions(positions)", "gridHeight gridWidth dim");
  const [height, width] = sidesOf(to, "resizePositions(to)");
  return tf.tidy(() => {
    const resized = resizeAxes(positions, [
      { axis: 0, matrix: resizeMatrix(gridHeight, height, interpolation) },
      { axis: 1, matrix: resizeMatrix(gridWidth, width, interpolation) },
    ]);
    return tf.reshape(resized, [height * width, dim]);
  });
}
