import { axes } from "@flexivit/axes";
import * as tf from "@tensorflow/tfjs-core";
import { sidesOf, type Grid } from "./grid.ts";

/**
 * The index of every token of a grid, 0, 1, 2, ... row by row, times one learned vector.
 *
 * A vector, not the same number in every channel: a layer norm takes such a number out again.
 *
 * @param direction [dim]
 * @returns [patches, dim]
 * @throws where the direction has another rank or the grid is impossible.
 */
export function indexPositions(direction: tf.Tensor1D, to: Grid): tf.Tensor2D {
  const { dim } = axes(direction, "indexPositions(direction)", "dim");
  const [height, width] = sidesOf(to, "indexPositions(to)");
  return tf.tidy(() => tf.mul(tf.reshape(tf.range(0, height * width), [height * width, 1]), tf.reshape(direction, [1, dim])));
}
