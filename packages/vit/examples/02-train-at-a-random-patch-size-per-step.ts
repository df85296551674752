/** Upright or lying stripes: a model trained at a random patch size per step knows them at all sizes, one trained at 4 px guesses at 12 px. */
import { useEngine } from "@flexivit/engine";
import { linear, type LinearParams, softmaxCrossEntropy } from "@flexivit/ops";
import { initParams, valueAndGradients, zeros, zipLeaves } from "@flexivit/params";
import { drawScheme, patchScheme, uniform } from "@flexivit/patch-schemes";
import { initVit, vit, vitConfig, type VitParams } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

type Params = { backbone: VitParams; head: LinearParams };

await useEngine();
const config = vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { patchSize: [8, 8], positionGrid: [4, 4], channels: 1 });

const logitsOf = ({ backbone, head }: Params, images: tf.Tensor4D, patchSize: number | readonly [number, number]): tf.Tensor2D =>
  linear(vit(backbone, config, images, { scheme: patchScheme(patchSize) }).pooled, head.kernel, head.bias);

/** Pictures of 24 px with waves across (class 0) or down (class 1) of random phase and length, in noise. */
function stripes(batch: number, seed: number): { images: tf.Tensor4D; labels: tf.Tensor1D } {
  const uniformOf = (low: number, high: number, offset: number) => tf.randomUniform<tf.Rank.R2>([batch, 1], low, high, "float32", seed + offset);
  const labels = tf.tensor1d(Array.from({ length: batch }, (_, index) => index % 2));
  const waves = tf.sin(tf.add(tf.mul(tf.reshape(tf.range(0, 24), [1, 24]), uniformOf(0.5, 1, 1)), uniformOf(0, 6.28, 2)));
  const [across, down] = [tf.reshape(waves, [batch, 1, 24, 1]), tf.reshape(waves, [batch, 24, 1, 1])];
  const isDown = tf.reshape(labels, [batch, 1, 1, 1]);
  const clean = tf.add(tf.mul(across, tf.sub(1, isDown)), tf.mul(down, isDown));
  return { images: tf.add(clean, tf.randomNormal([batch, 24, 24, 1], 0, 0.5, "float32", seed)), labels };
}

function trained(patchSizes: readonly number[]): Params {
  let params: Params = { backbone: initVit(config, 1), head: initParams<LinearParams>({ kernel: zeros([32, 2]), bias: zeros([2]) }, 1) };
  for (let step = 0; step < 100; step++) {
    const { patchSize } = drawScheme(uniform(patchSizes.map((size) => patchScheme(size))), 1, step);
    const loss = (weights: Params): tf.Scalar => {
      const { images, labels } = stripes(32, 10 * step);
      const targets = tf.stack([tf.sub(1, labels), labels], 1) as tf.Tensor2D;
      return tf.mean(softmaxCrossEntropy(logitsOf(weights, images, patchSize), targets));
    };
    const { value, gradients } = valueAndGradients(loss, params);
    const moved = zipLeaves([params, gradients], ([weight, gradient]) => tf.tidy(() => tf.sub(weight, tf.mul(gradient, 0.1))));
    tf.dispose([value, gradients, params]);
    params = moved;
  }
  return params;
}

const accuracyAt = (params: Params, patchSize: number): string =>
  tf.tidy(() => {
    const { images, labels } = stripes(200, 1_000_000);
    const right = tf.equal(tf.argMax(logitsOf(params, images, patchSize), 1), tf.cast(labels, "int32"));
    return `${(100 * tf.mean(tf.cast(right, "float32")).dataSync()[0]).toFixed(0)} %`.padStart(8);
  });

const [flexible, fixed] = [trained([12, 6, 4]), trained([4])];
console.log("patch size  trained at 12, 6, 4  trained at 4");
for (const patchSize of [12, 8, 6, 4]) console.log(`${String(patchSize).padEnd(12)}${accuracyAt(flexible, patchSize)}${accuracyAt(fixed, patchSize).padStart(20)}`);
