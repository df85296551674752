/** Balls before a wall, lit from one side: one decoder learns their depth and their surface normals together, and gives both at every patch size. */
import { dense, denseLoss, depthErrors, depthMetrics, initDense, normalErrors, normalMetrics, type DenseConfig, type DenseParams } from "@flexivit/depth";
import { useEngine } from "@flexivit/engine";
import { adamw } from "@flexivit/optim";
import { formatScheme, patchScheme, uniform } from "@flexivit/patch-schemes";
import { train } from "@flexivit/train";
import { initVit, vit, vitConfig, type VitParams } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

type Params = { backbone: VitParams; decoder: DenseParams };
type Batch = { images: tf.Tensor4D; depth: tf.Tensor3D; normals: tf.Tensor4D };

await useEngine();
const side = 24;
const blocks = ["0", "1"];
const config = vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { patchSize: [8, 8], positionGrid: [4, 4], channels: 1 });
const decoder: DenseConfig = { dim: 32, blocks, stridesPx: [2, 4], width: 16, depth: { kind: "log", nearest: 0.5, farthest: 5 }, normals: true };
const schemes = [8, 6, 4, 3].map((size) => patchScheme(size));

/** A ball of radius 7 to 10 px (that is 0.7 to 1 m) whose centre lies in a wall 3 m away; brightness is the cosine to a lamp at the upper left. */
const scenes = (seed: number, batch: number): Batch => tf.tidy(() => {
  const draw = (which: number, low: number, high: number) => tf.randomUniform([batch, 1, 1], low, high, "float32", 10 * seed + which);
  const place = tf.range(0, side);
  const [y, x] = [tf.sub(draw(1, 8, 16), tf.reshape(place, [1, side, 1])), tf.sub(tf.reshape(place, [1, 1, side]), draw(2, 8, 16))];
  const radius = draw(3, 7, 10);
  const bulge = tf.sqrt(tf.relu(tf.sub(tf.square(radius), tf.add(tf.square(x), tf.square(y))))); // [batch, side, side]
  const onBall = tf.cast(tf.greater(bulge, 0), "float32");
  const part = (along: tf.Tensor) => tf.mul(tf.div(along, radius), onBall);
  const normals = tf.stack([part(x), part(y), tf.add(part(bulge), tf.sub(1, onBall))], 3) as tf.Tensor4D;
  const light = tf.relu(tf.sum(tf.mul(normals, tf.tensor1d([-0.5, 0.6, 0.62])), 3, true));
  const images = tf.add(tf.sub(tf.mul(light, 2), 1), tf.randomNormal([batch, side, side, 1], 0, 0.05, "float32", 10 * seed + 4)) as tf.Tensor4D;
  return { images, depth: tf.sub<tf.Tensor3D>(3, tf.div(bulge, 10)), normals };
});

const mapsOf = ({ backbone, decoder: weights }: Params, images: tf.Tensor4D, size: number | readonly [number, number]) =>
  dense(weights, decoder, vit(backbone, config, images, { scheme: patchScheme(size), blocks }), [side, side]);

const { params } = await train<Params, Batch>({
  init: () => ({ backbone: initVit(config, 1), decoder: initDense(decoder, 1) }),
  loss: (params, { images, ...targets }, { scheme }) => denseLoss(mapsOf(params, images, scheme.patchSize), targets, { normals: { weight: 0.5 } }),
  batch: async (step) => scenes(step, 8),
  schemes: uniform(schemes),
  optimizer: adamw({ learningRate: 3e-3 }),
  schedule: { kind: "cosine", totalSteps: 100, warmupSteps: 10 },
  steps: 100,
  seed: 1,
  clipNorm: 1,
  onStep: ({ step, loss, patchSize }) => step % 50 === 0 && console.log(`step ${step}: loss ${loss.toFixed(3)} at patch ${patchSize}`),
});

const test = scenes(1_000_000, 30);
for (const { patchSize } of schemes) {
  const [depth, normals] = tf.tidy(() => {
    const maps = mapsOf(params, test.images, patchSize);
    return [maps.depth!.dataSync(), maps.normals!.dataSync()];
  });
  const { rmse, absRel } = depthMetrics([depthErrors(depth, test.depth.dataSync())]);
  const { meanDeg, within22 } = normalMetrics([normalErrors(normals, test.normals.dataSync())]);
  console.log(`patch ${formatScheme(patchScheme(patchSize))}: depth RMSE ${rmse.toFixed(3)} m, AbsRel ${absRel.toFixed(3)}; normals ${meanDeg.toFixed(1)} degrees off, ${(100 * within22).toFixed(0)} % within 22.5`);
  if (rmse > 0.25 || meanDeg > 20) process.exitCode = 1;
}
