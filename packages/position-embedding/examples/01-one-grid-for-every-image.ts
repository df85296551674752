/** One learned 7x7 grid serves every image size and patch size, and a gradient at any of them reaches it. */
import { useEngine } from "@flexivit/engine";
import { resizePositions } from "@flexivit/position-embedding";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const positions: tf.Tensor3D = tf.randomNormal([7, 7, 64], 0, 64 ** -0.5, "float32", 1);

for (const [gridHeight, gridWidth] of [[5, 5], [7, 7], [15, 15], [9, 16]]) {
  const tokens = resizePositions(positions, { gridHeight, gridWidth });
  const gradient = tf.grad((grid: tf.Tensor) => tf.sum(tf.square(resizePositions(grid as tf.Tensor3D, { gridHeight, gridWidth }))))(positions);
  console.log(`${gridHeight}x${gridWidth}: positions [${tokens.shape}], gradient [${gradient.shape}] of norm ${tf.norm(gradient).dataSync()[0].toFixed(2)}`);
}
