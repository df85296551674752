/** The paper's recipe on a small problem: AdamW, clipped gradients, cosine with warm-up, an average of the parameters. */
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import { adamw, applyUpdates, clipByGlobalNorm, type Schedule, scheduleAt, type Trained, updateAverage, warmAverageDecay } from "@flexivit/optim";
import { initParams, mapLeaves, valueAndGradients, xavierUniform, zeros } from "@flexivit/params";

type Linear = { kernel: tf.Tensor2D; bias: tf.Tensor1D };
type Params = { body: Linear; head: Linear };

const totalSteps = 200;
const schedule: Schedule = { kind: "cosine", totalSteps, warmupSteps: 20 };
const optimizer = adamw({ learningRate: 0.02, weightDecay: 1e-4 });

await useEngine();
const inputs = tf.randomNormal<tf.Rank.R2>([256, 2], 0, 1, "float32", 1);
const targets = tf.tidy(() => tf.sin(tf.sum(inputs, 1, true)));
const linear = (x: tf.Tensor2D, { kernel, bias }: Linear): tf.Tensor2D => tf.add(tf.matMul(x, kernel), bias);
const loss = ({ body, head }: Params): tf.Scalar =>
  tf.mean(tf.squaredDifference(linear(tf.tanh(linear(inputs, body)), head), targets));

const start = initParams<Params>(
  {
    body: { kernel: xavierUniform([2, 32]), bias: zeros([32]) },
    head: { kernel: xavierUniform([32, 1]), bias: zeros([1]) },
  },
  1,
);
let state: Trained<Params> = { params: start, slots: {} };
let average = mapLeaves(start, (leaf) => tf.clone(leaf));

for (let count = 0; count < totalSteps; count++) {
  const { value, gradients } = valueAndGradients(loss, state.params);
  const { norm, scale } = clipByGlobalNorm(gradients, 1);
  const factor = scheduleAt(schedule, count);
  state = applyUpdates(optimizer, state, gradients, { count, schedule: factor, gradientScale: scale });
  average = updateAverage(average, state.params, warmAverageDecay(0.99, count));
  if (count % 40 === 0) {
    const numbers = [value, norm].map((scalar) => scalar.dataSync()[0].toFixed(3));
    const rate = (optimizer.learningRate * factor).toFixed(4);
    console.log(`step ${count}: loss ${numbers[0]}, gradient norm ${numbers[1]}, learning rate ${rate}, ${tf.memory().numTensors} tensors`);
  }
  tf.dispose([value, norm, scale]);
}
console.log(`at the end: loss ${loss(state.params).dataSync()[0].toFixed(4)}, of the average ${loss(average).dataSync()[0].toFixed(4)}`);
