/** Squares and discs on noise, labelled pixel by pixel: one backbone and one decoder, trained at a random patch size per step, find them at every patch size. */
import { useEngine } from "@flexivit/engine";
import { adamw } from "@flexivit/optim";
import { formatScheme, patchScheme, uniform } from "@flexivit/patch-schemes";
import { confusionMatrix, initSegmenter, pixelCrossEntropy, segment, segmentationMetrics, type SegmenterConfig, type SegmenterParams } from "@flexivit/segment";
import { train } from "@flexivit/train";
import { initVit, vit, vitConfig, type VitParams } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

type Params = { backbone: VitParams; head: SegmenterParams };
type Batch = { images: tf.Tensor4D; labels: tf.Tensor3D };

await useEngine();
const side = 24;
const classes = ["background", "square", "disc"];
const config = vitConfig({ dim: 32, depth: 2, hiddenDim: 64, heads: 2 }, { patchSize: [8, 8], positionGrid: [4, 4], channels: 1 });
const decoder: SegmenterConfig = { kind: "linear", dim: 32, classes: classes.length };
const schemes = [8, 6, 4, 3].map((size) => patchScheme(size));

/** Bright squares and dark discs of 10 px, one of each per picture; the later one covers the earlier. */
const scenes = (seed: number, batch: number): Batch => tf.tidy(() => {
  const place = tf.range(0, side);
  const offsets = (which: number, shape: [number, number, number]) =>
    tf.sub(tf.reshape(place, shape), tf.randomUniform([batch, 1, 1], 5, side - 5, "float32", 10 * seed + which)); // [batch, side, 1] or [batch, 1, side]
  const rows = (which: number) => offsets(which, [1, side, 1]);
  const columns = (which: number) => offsets(which, [1, 1, side]);
  const square = tf.cast(tf.lessEqual(tf.maximum(tf.abs(rows(1)), tf.abs(columns(2))), 5), "float32");
  const disc = tf.cast(tf.lessEqual(tf.add(tf.square(rows(3)), tf.square(columns(4))), 25), "float32");
  const labels = tf.maximum(tf.mul(disc, 2), square) as tf.Tensor3D;
  const light = tf.sub(tf.mul(square, tf.sub(1, disc)), disc);
  return { images: tf.expandDims(tf.add(light, tf.randomNormal([batch, side, side], 0, 0.3, "float32", 10 * seed + 5)), 3) as tf.Tensor4D, labels };
});

const logitsOf = ({ backbone, head }: Params, images: tf.Tensor4D, size: number | readonly [number, number]): tf.Tensor4D =>
  segment(head, decoder, vit(backbone, config, images, { scheme: patchScheme(size) }), [side, side]);

const { params } = await train<Params, Batch>({
  init: () => ({ backbone: initVit(config, 1), head: initSegmenter(decoder, 1) }),
  loss: (params, { images, labels }, { scheme }) => ({ loss: pixelCrossEntropy(logitsOf(params, images, scheme.patchSize), labels) }),
  batch: async (step) => scenes(step, 16),
  schemes: uniform(schemes),
  optimizer: adamw({ learningRate: 3e-3 }),
  schedule: { kind: "cosine", totalSteps: 120, warmupSteps: 12 },
  steps: 120,
  seed: 1,
  clipNorm: 1,
});

const test = scenes(1_000_000, 50);
for (const { patchSize } of schemes) {
  const predicted = tf.tidy(() => tf.argMax(logitsOf(params, test.images, patchSize), -1).dataSync());
  const { iou, meanIou } = segmentationMetrics(confusionMatrix(test.labels.dataSync(), predicted, { classes: classes.length }));
  console.log(`patch ${formatScheme(patchScheme(patchSize))}: mean IoU ${meanIou.toFixed(3)} (${classes.map((name, i) => `${name} ${iou[i].toFixed(2)}`).join(", ")})`);
  if (meanIou < (patchSize[0] === 8 ? 0.45 : 0.6)) process.exitCode = 1; // straight lines between 3x3 patches round the squares
}
