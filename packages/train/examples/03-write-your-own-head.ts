/** A head for a task of your own: counting. Each patch says how densely it is filled, the mean is the count, at every patch size. */
import { useEngine } from "@flexivit/engine";
import type { Features } from "@flexivit/features";
import { linear, type LinearParams } from "@flexivit/ops";
import { adamw } from "@flexivit/optim";
import { constant, initParams, normal } from "@flexivit/params";
import { patchScheme, uniform } from "@flexivit/patch-schemes";
import { train } from "@flexivit/train";
import { initVit, vit, vitConfig, type VitParams } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

// 1. The head: weights as a type, a function that draws them, a function of weights and features.
type CounterParams = LinearParams;

const initCounter = (dim: number, seed: number): CounterParams => initParams<CounterParams>({ kernel: normal([dim, 1], 0.02), bias: constant([1], -1) }, seed);

/** [batch]: ten times the mean over the patches of softplus(linear(token)): a density, so the same weights count at every grid. */
const count = ({ kernel, bias }: CounterParams, { tokens }: Pick<Features, "tokens">): tf.Tensor1D =>
  tf.tidy(() => tf.mul(tf.mean<tf.Tensor1D>(tf.softplus(linear(tokens, kernel, bias)), [1, 2]), 10));

/** Mean absolute error, smooth at 0. */
const countLoss = (counts: tf.Tensor1D, truth: tf.Tensor1D): tf.Scalar => tf.tidy(() => tf.mean(tf.sqrt(tf.add(tf.square(tf.sub(counts, truth)), 0.01))));

// 2. The task: pictures of 24 px with 1 to 6 bright dots in noise.
type Batch = { images: tf.Tensor4D; counts: tf.Tensor1D };
const side = 24;
const dots = (seed: number, batch: number): Batch => tf.tidy(() => {
  const counts = tf.add<tf.Tensor1D>(tf.floor(tf.randomUniform([batch], 0, 6, "float32", 10 * seed)), 1);
  const along = (which: number) => tf.square(tf.sub(tf.reshape(tf.range(0, side), [1, 1, side]), tf.randomUniform([batch, 6, 1], 2, side - 2, "float32", 10 * seed + which)));
  const shown = tf.cast(tf.less(tf.reshape(tf.range(0, 6), [1, 6, 1, 1]), tf.reshape(counts, [batch, 1, 1, 1])), "float32");
  const each = tf.exp(tf.mul(tf.add(tf.expandDims(along(1), 3), tf.expandDims(along(2), 2)), -0.5)); // [batch, 6, side, side]
  const noise = tf.randomNormal([batch, side, side, 1], 0, 0.1, "float32", 10 * seed + 3);
  return { images: tf.add(tf.expandDims(tf.sum(tf.mul(each, shown), 1), 3), noise) as tf.Tensor4D, counts };
});

// 3. The training: any loss of weights and batch will do; the patch size is drawn per step.
await useEngine();
const config = vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { patchSize: [8, 8], positionGrid: [4, 4], channels: 1 });
type Params = { backbone: VitParams; head: CounterParams };
const countsOf = ({ backbone, head }: Params, { images }: Pick<Batch, "images">, size: number | readonly [number, number]) =>
  count(head, vit(backbone, config, images, { scheme: patchScheme(size) }));
const { params } = await train<Params, Batch>({
  init: () => ({ backbone: initVit(config, 1), head: initCounter(config.dim, 1) }),
  loss: (params, batch, { scheme }) => ({ loss: countLoss(countsOf(params, batch, scheme.patchSize), batch.counts) }),
  batch: async (step) => dots(step, 32),
  schemes: uniform([8, 6, 4].map((size) => patchScheme(size))),
  optimizer: adamw({ learningRate: 3e-3 }),
  schedule: { kind: "cosine", totalSteps: 150, warmupSteps: 15 },
  steps: 150,
  seed: 1,
  clipNorm: 1,
});

const test = dots(1_000_000, 300);
for (const size of [8, 6, 4]) {
  const error = tf.tidy(() => tf.mean(tf.abs(tf.sub(countsOf(params, test, size), test.counts))).dataSync()[0]);
  console.log(`patch ${size}: off by ${error.toFixed(2)} dots; saying 3.5 each time is off by 1.5`);
  if (error > 0.9) process.exitCode = 1;
}
