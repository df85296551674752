/** An optimiser is a line of data: five of them on one problem, each with layer decay, and what each remembers per weight. */
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import { applyUpdates, type OptimizerConfig, optimizerOf, type Schedule, scheduleAt, type Trained } from "@flexivit/optim";
import { countParams, initParams, valueAndGradients, xavierUniform } from "@flexivit/params";

type Layer = { kernel: tf.Tensor2D };
type Params = { backbone: { patchEmbedding: Layer; blocks: Layer[] }; head: Layer };

const configs: OptimizerConfig[] = [
  { kind: "adamw", learningRate: 0.01, weightDecay: 1e-4, layerDecay: 0.75 },
  { kind: "adam", learningRate: 0.01, layerDecay: 0.75 },
  { kind: "rmsprop", learningRate: 0.002, layerDecay: 0.75 },
  { kind: "adafactor", learningRate: 0.01, momentum: 0, layerDecay: 0.75 },
  { kind: "sgd", learningRate: 0.03, momentum: 0.9, nesterov: true, layerDecay: 0.75 },
];
const schedule: Schedule = { kind: "cosine", totalSteps: 100, warmupSteps: 10 };

await useEngine();
const inputs = tf.randomNormal<tf.Rank.R2>([128, 40], 0, 1, "float32", 1);
const targets = tf.tidy(() => tf.sin(tf.sum(tf.slice(inputs, [0, 0], [-1, 3]), 1, true)));
const layer = (x: tf.Tensor2D, { kernel }: Layer): tf.Tensor2D => tf.tanh(tf.matMul(x, kernel));
const loss = ({ backbone, head }: Params): tf.Scalar => {
  const features = backbone.blocks.reduce(layer, layer(inputs, backbone.patchEmbedding));
  return tf.mean(tf.squaredDifference(tf.matMul(features, head.kernel), targets));
};
const kernel = (from: number, to: number) => ({ kernel: xavierUniform([from, to]) });

for (const config of configs) {
  const optimizer = optimizerOf(config, { depth: 2 });
  const params = initParams<Params>({ backbone: { patchEmbedding: kernel(40, 64), blocks: [kernel(64, 64), kernel(64, 64)] }, head: kernel(64, 1) }, 1);
  let state: Trained<Params> = { params, slots: {} };
  const losses: number[] = [];
  for (let count = 0; count < schedule.totalSteps; count++) {
    const { value, gradients } = valueAndGradients(loss, state.params);
    state = applyUpdates(optimizer, state, gradients, { count, schedule: scheduleAt(schedule, count) });
    losses.push(value.dataSync()[0]);
    value.dispose();
  }
  const remembered = countParams(state.slots) / countParams(state.params);
  console.log(`${config.kind}: loss ${losses[0].toFixed(3)} to ${losses[losses.length - 1].toFixed(4)}, remembers ${remembered.toFixed(2)} numbers per weight`);
  tf.dispose(state as tf.TensorContainer);
}
