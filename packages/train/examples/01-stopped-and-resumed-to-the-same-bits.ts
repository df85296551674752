/** A training that is stopped twice and resumed ends with the very weights of one that ran through. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { useEngine } from "@flexivit/engine";
import { adamw } from "@flexivit/optim";
import { initParams, normal, zeros } from "@flexivit/params";
import { uniform } from "@flexivit/patch-schemes";
import { train, type Losses, type TrainOptions } from "@flexivit/train";

/** Any weights and any loss will do. Here: is a picture of 12x12 brighter at the left or at the right? */
type Params = { kernel: tf.Tensor2D; bias: tf.Tensor1D };
type Batch = { images: tf.Tensor3D; isLeft: tf.Tensor1D };

const side = 12;

function drawBatch(step: number): Batch {
  return tf.tidy(() => {
    const images = tf.randomNormal<tf.Rank.R3>([16, side, side], 0, 1, "float32", step + 1);
    const [left, right] = [0, 1].map((half) => tf.mean(tf.slice(images, [0, 0, (half * side) / 2], [16, side, side / 2]), [1, 2]));
    return { images, isLeft: tf.cast<tf.Tensor1D>(tf.greater(left, right), "float32") };
  });
}

/** A logit per column of patches, weighted by where the column stands: the same weights at every patch size. */
function loss({ kernel, bias }: Params, { images, isLeft }: Batch, { scheme }: { scheme: { patchSize: readonly [number, number] } }): Losses {
  const [height, width] = scheme.patchSize;
  const tiles = tf.mean(tf.reshape(images, [16, side / height, height, side / width, width]), [1, 2, 4]); // [batch, columns]
  const weights = tf.mean(tf.reshape(kernel, [side / width, width]), 1);
  const logits = tf.add(tf.mul(tf.sum(tf.mul(tiles, weights), 1), width), bias);
  const losses = tf.sub(tf.softplus(logits), tf.mul(logits, isLeft));
  return { loss: tf.mean<tf.Scalar>(losses), accuracy: tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.greater(logits, 0), tf.cast(isLeft, "bool")), "float32")) };
}

const optionsIn = (folder: string): TrainOptions<Params, Batch> => ({
  init: () => initParams<Params>({ kernel: normal([side, 1], 0.01), bias: zeros([1]) }, 1),
  loss,
  batch: async (step) => drawBatch(step),
  schemes: uniform([6, 3, 2]),
  optimizer: adamw({ learningRate: 0.1 }),
  schedule: { kind: "cosine", totalSteps: 60, warmupSteps: 5 },
  steps: 60,
  seed: 7,
  emaDecay: 0.9,
  checkpoints: { folder, every: 10 },
});

await useEngine();
const root = await mkdtemp(join(tmpdir(), "train-example-"));
const unbroken = await train(optionsIn(join(root, "unbroken")));

const folder = join(root, "stopped");
for (const last of [23, 41]) {
  const keys = new AbortController();
  const steps: string[] = [];
  const { status, checkpoint } = await train({
    ...optionsIn(folder),
    signal: keys.signal,
    onStep: ({ step, patchSize, loss }) => {
      steps.push(`${step} (patch ${patchSize}, loss ${loss.toFixed(2)})`);
      if (step === last) keys.abort();
    },
  });
  console.log(`${status}: steps ${steps[0]} to ${steps.at(-1)}, saved as ${basename(checkpoint!)}`);
}
const resumed = await train(optionsIn(folder));
console.log(`${resumed.status} after ${resumed.step} steps; checkpoints: ${(await readdir(folder)).join(", ")}`);

const same = (["params", "ema"] as const).every((name) => {
  const [a, b] = [unbroken, resumed].map((result) => result[name]!.kernel.dataSync());
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
});
console.log(`the same bits as the unbroken training: ${same}`);
await rm(root, { recursive: true });
if (!same) process.exitCode = 1;
