/** Four libraries shrink the same row of five numbers to three and get four answers: the matrix of each says why. */
import { useEngine } from "@flexivit/engine";
import { referenceInterpolations, resizeAxes, resizeMatrix } from "@flexivit/resample";
import * as tf from "@tensorflow/tfjs-core";

await useEngine();
const row = tf.tensor1d([0, 0, 1, 0, 4]);

for (const [library, { positions: interpolation }] of Object.entries(referenceInterpolations)) {
  const matrix = resizeMatrix(5, 3, interpolation);
  const resized = resizeAxes(row, [{ axis: 0, matrix }]);
  const { kernel, antialias, alignment } = interpolation;
  console.log(`${library}: ${kernel}, ${antialias ? "antialias" : "no antialias"}, ${alignment}`);
  for (let o = 0; o < 3; o++) {
    const weights = Array.from(matrix.values.slice(5 * o, 5 * o + 5), (weight) => weight.toFixed(3).padStart(7));
    console.log(`  ${weights.join("")}  -> ${resized.dataSync()[o].toFixed(3)}`);
  }
}
