import * as tf from "@tensorflow/tfjs-core";
import { sidesOf, type Grid } from "./grid.ts";

/**
 * Fixed sine and cosine position embeddings of a token grid.
 *
 * With n = dim / 4 and frequencies w_k = temperature^(-k / (n - 1)), the token in row y and column x gets
 * [sin(x w_0..), cos(x w_0..), sin(y w_0..), cos(y w_0..)].
 *
 * @param dim a multiple of 4, at least 8
 * @param options.temperature ratio of the largest to the smallest frequency; 10,000 unless given
 * @returns [patches, dim], row by row of the grid
 * @throws where the grid, the dim or the temperature is impossible.
 * Source: arXiv 2205.01580; equal to big_vision `posemb_sincos_2d`.
 */
export function sinCosPositions(grid: Grid, dim: number, { temperature = 10_000 }: { temperature?: number } = {}): tf.Tensor2D {
  const [gridHeight, gridWidth] = sidesOf(grid, "sinCosPositions(grid)");
  if (!Number.isSafeInteger(dim) || dim < 8 || dim % 4 !== 0) {
    throw new Error(`sinCosPositions(dim): expected a multiple of 4 of at least 8, got ${dim}. A quarter each is sine and cosine of x and of y.`);
  }
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new Error(`sinCosPositions(temperature): expected a finite number above 0, got ${temperature}. Leave it out for 10000.`);
  }
  const quarter = dim / 4;
  const waves = [
    (x: number) => Math.sin(x),
    (x: number) => Math.cos(x),
    (_x: number, y: number) => Math.sin(y),
    (_x: number, y: number) => Math.cos(y),
  ];
  const values = new Float32Array(gridHeight * gridWidth * dim);
  for (let patch = 0; patch < gridHeight * gridWidth; patch++) {
    const [x, y] = [patch % gridWidth, Math.floor(patch / gridWidth)];
    for (let k = 0; k < quarter; k++) {
      const frequency = temperature ** (-k / (quarter - 1));
      for (const [part, wave] of waves.entries()) values[patch * dim + part * quarter + k] = wave(x * frequency, y * frequency);
    }
  }
  return tf.tensor2d(values, [gridHeight * gridWidth, dim]);
}
