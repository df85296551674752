/** A flexible network that is no transformer: an MLP-mixer, trained at a patch size drawn per step, answers at all of them. */
import { classificationLoss, classify, countCorrect, initClassifier, labelTargets, type ClassifierParams } from "@flexivit/classify";
import { useEngine } from "@flexivit/engine";
import type { Backbone, Grid } from "@flexivit/features";
import { layerNorm, linear, mlp, residual, type MlpParams } from "@flexivit/ops";
import { adamw } from "@flexivit/optim";
import { initParams, lecunNormal, ones, xavierUniform, zeros, type InitTree } from "@flexivit/params";
import { formatScheme, patchScheme, uniform, type PatchScheme } from "@flexivit/patch-schemes";
import { resizePatchKernel } from "@flexivit/pi-resize";
import { resizeAxes, resizeMatrix } from "@flexivit/resample";
import { atEveryScheme, train } from "@flexivit/train";
import { tiles } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";

// The network. Patches are embedded by one kernel, PI-resized; tokens are mixed on a grid of 4x4, whatever grid they come from.
type Norm = { scale: tf.Tensor1D; bias: tf.Tensor1D };
type Block = { tokenNorm: Norm; tokenMlp: MlpParams; channelNorm: Norm; channelMlp: MlpParams };
type Mixer = { patch: { kernel: tf.Tensor4D; bias: tf.Tensor1D }; blocks: Block[]; norm: Norm };

const [dim, mixing] = [32, { gridHeight: 4, gridWidth: 4 }];
const mixingTokens = mixing.gridHeight * mixing.gridWidth;
const norm = (): InitTree<Norm> => ({ scale: ones([dim]), bias: zeros([dim]) });
const perceptron = (width: number, hiddenDim: number): InitTree<MlpParams> => ({
  hidden: { kernel: xavierUniform([width, hiddenDim]), bias: zeros([hiddenDim]) },
  output: { kernel: xavierUniform([hiddenDim, width]), bias: zeros([width]) },
});
const block = (): InitTree<Block> => ({ tokenNorm: norm(), tokenMlp: perceptron(mixingTokens, 32), channelNorm: norm(), channelMlp: perceptron(dim, 64) });
const mixerSpec: InitTree<Mixer> = { patch: { kernel: lecunNormal([8, 8, 1, dim]), bias: zeros([dim]) }, blocks: [block(), block()], norm: norm() };

/** [batch, patches, dim] of one grid on another. */
function onGrid(x: tf.Tensor3D, from: Grid, to: Grid): tf.Tensor3D {
  const matrix = (from: number, to: number) => resizeMatrix(from, to, { kernel: "bilinear", antialias: true, alignment: "half-pixel" });
  const cells = tf.reshape(x, [-1, from.gridHeight, from.gridWidth, dim]);
  const resized = resizeAxes(cells, [{ axis: 1, matrix: matrix(from.gridHeight, to.gridHeight) }, { axis: 2, matrix: matrix(from.gridWidth, to.gridWidth) }]);
  return tf.reshape(resized, [-1, to.gridHeight * to.gridWidth, dim]);
}

function mix({ tokenNorm, tokenMlp, channelNorm, channelMlp }: Block, x: tf.Tensor3D, grid: Grid): tf.Tensor3D {
  const coarse = onGrid(layerNorm(x, tokenNorm.scale, tokenNorm.bias, 1e-6), grid, mixing);
  const mixed = tf.transpose(mlp(tokenMlp, tf.transpose(coarse, [0, 2, 1]), "tanh"), [0, 2, 1]);
  const y = residual(x, onGrid(mixed, mixing, grid));
  return residual(y, mlp(channelMlp, layerNorm(y, channelNorm.scale, channelNorm.bias, 1e-6), "tanh"));
}

const mixer: Backbone<Mixer> = ({ patch, blocks, norm }, images, { scheme }) =>
  tf.tidy(() => {
    const { tiles: pixels, grid } = tiles(images, scheme, "error");
    const kernel = tf.reshape<tf.Rank.R2>(resizePatchKernel(patch.kernel, scheme.patchSize), [-1, dim]);
    const x = blocks.reduce((x, params) => mix(params, x, grid), linear(pixels, kernel, patch.bias));
    const tokens = layerNorm(x, norm.scale, norm.bias, 1e-6);
    return { tokens, grid, pooled: tf.mean<tf.Tensor2D>(tokens, 1), blocks: {} };
  });

// The task: a bright and a dark spot; does the dark one lie below, above, to the right or to the left of the bright one?
type Batch = { images: tf.Tensor4D; targets: tf.Tensor2D };
const side = 24;

/** Pictures [size, 24, 24, 1] in [-1, 1]. The caller disposes the tensors. */
const drawBatch = (seed: number, size: number): Batch & { labels: number[] } => tf.tidy(() => {
  const [bright, dark] = [0, 1].map((which) => tf.randomUniform([size, 2], 3, side - 3, "float32", 2 * seed + which + 1));
  const along = (centres: tf.Tensor, axis: 0 | 1) => tf.square(tf.sub(tf.range(0, side), tf.slice(centres, [0, axis], [size, 1]))); // [batch, side]
  const spot = (centres: tf.Tensor) => tf.exp(tf.mul(tf.add(tf.expandDims(along(centres, 0), 2), tf.expandDims(along(centres, 1), 1)), -1 / 8));
  const [from, to] = [bright.arraySync(), dark.arraySync()] as [number[], number[]][];
  const labels = from.map((_, i) => {
    const [down, right] = [to[i][0] - from[i][0], to[i][1] - from[i][1]];
    return Math.abs(down) > Math.abs(right) ? Number(down < 0) : 2 + Number(right < 0);
  });
  return { images: tf.expandDims(tf.sub(spot(bright), spot(dark)), 3), targets: labelTargets(labels, 4), labels };
});

// The training: the loop knows neither the mixer nor the task.
type Params = { backbone: Mixer; head: ClassifierParams };
const schemes = [12, 8, 6, 4, 3].map((size) => patchScheme(size));
const init = (): Params => ({ backbone: initParams<Mixer>(mixerSpec, 1), head: initClassifier({ dim, classes: 4 }, 1) });
const logitsOf = ({ backbone, head }: Params, images: tf.Tensor4D, scheme: PatchScheme) => classify(head, mixer(backbone, images, { scheme }));

await useEngine();
const test = drawBatch(1e6, 500);
const evaluate = (params: Params) =>
  atEveryScheme(schemes, async (scheme) => {
    const logits = tf.tidy(() => logitsOf(params, test.images, scheme));
    const loss = tf.tidy(() => classificationLoss(logits, test.targets).dataSync()[0]);
    const right = await countCorrect(logits, test.labels);
    logits.dispose();
    return { loss, accuracy: right / test.labels.length };
  });
const before = await evaluate(init());
const { params } = await train<Params, Batch>({
  init,
  loss: (params, { images, targets }, { scheme }) => ({ loss: classificationLoss(logitsOf(params, images, scheme), targets) }),
  batch: async (step) => {
    const { images, targets } = drawBatch(step, 64);
    return { images, targets };
  },
  schemes: uniform(schemes),
  optimizer: adamw({ learningRate: 5e-3 }),
  schedule: { kind: "cosine", totalSteps: 200, warmupSteps: 20 },
  steps: 200,
  seed: 1,
  clipNorm: 1,
  onStep: ({ step, loss, patchSize }) => step % 50 === 0 && console.log(`step ${step}: loss ${loss.toFixed(2)} at patch ${patchSize}`),
});
const after = await evaluate(params);
for (const scheme of schemes) {
  const size = formatScheme(scheme);
  const [from, to] = [before[`loss/${size}`], after[`loss/${size}`]];
  console.log(`patch ${size.padStart(2)}: loss ${from.toFixed(2)} -> ${to.toFixed(2)}, accuracy ${before[`accuracy/${size}`].toFixed(2)} -> ${after[`accuracy/${size}`].toFixed(2)}`);
  if (to > from / 2 || after[`accuracy/${size}`] < 0.8) process.exitCode = 1;
}
