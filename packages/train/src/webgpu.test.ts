/** Runs in the Vitest project `webgpu` only: a flexible model there against the same one in plain JavaScript. */
import { classificationLoss, classify, initClassifier } from "@flexivit/classify";
import { useEngine } from "@flexivit/engine";
import { adamw, applyUpdates, clipByGlobalNorm, type Trained } from "@flexivit/optim";
import { disposeTree, leaves, valueAndGradients } from "@flexivit/params";
import { patchScheme } from "@flexivit/patch-schemes";
import { expectClose } from "@flexivit/testing";
import { initVit, vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";

type Numbers = { [what: string]: Float32Array };

const config = vitConfig({ dim: 12, depth: 2, hiddenDim: 20, heads: 3 }, { patchSize: [8, 8], positionGrid: [3, 4] });
const schemes = [patchScheme([6, 10]), patchScheme([4, 5]), patchScheme([3, 5])]; // grids of 2x2, 3x4 and 4x4
const imageSize = [12, 20] as const;

/** Numbers between -1 and 1 without a pattern, the same on every engine. */
const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, index) => Math.sin(1.3 * index * index + phase));

const initial = () => ({ backbone: initVit(config, 5), head: initClassifier({ dim: config.dim, classes: 7, kernelStd: 0.5 }, 6) });
type Params = ReturnType<typeof initial>;

const batch = () => ({
  images: tf.tensor4d(wave(5 * imageSize[0] * imageSize[1] * 3, 0), [5, ...imageSize, 3]),
  targets: tf.tidy(() => tf.oneHot(tf.tensor1d([0, 3, 6, 2, 3], "int32"), 7) as tf.Tensor2D),
});

const logitsAt = (params: Params, step: number, images: tf.Tensor4D) =>
  classify(params.head, vit(params.backbone, config, images, { scheme: schemes[step % 3]! }));

/** Logits at each patch size, then loss, gradients and weights of three clipped steps of AdamW, one per patch size. */
function numbersOf(): Numbers {
  const numbers: Numbers = {};
  const keep = (what: string, tensor: tf.Tensor) => (numbers[what] = tensor.dataSync().slice() as Float32Array);
  const { images, targets } = batch();
  // An epsilon far above the noise of gradients that are zero but for rounding, such as those of the keys' biases.
  const optimizer = adamw({ learningRate: 0.05, weightDecay: 0.1, epsilon: 1e-3 });
  let state: Trained<Params> = { params: initial(), slots: {} };
  for (const step of [0, 1, 2]) tf.tidy(() => void keep(`logits ${step}`, logitsAt(state.params, step, images)));
  for (const count of [0, 1, 2]) {
    const loss = (params: Params) => classificationLoss(logitsAt(params, count, images), targets, "softmax");
    const { value, gradients } = valueAndGradients(loss, state.params);
    const { norm, scale } = clipByGlobalNorm(gradients, 0.5);
    keep(`loss ${count}`, value);
    keep(`norm ${count}`, norm);
    for (const { path, tensor } of leaves(gradients)) keep(`gradient ${count} ${path}`, tensor);
    state = applyUpdates(optimizer, state, gradients, { count, schedule: 1, gradientScale: scale });
    tf.dispose([value, norm, scale]);
  }
  for (const { path, tensor } of leaves(state.params)) keep(`weight ${path}`, tensor);
  disposeTree(state.params, state.slots);
  tf.dispose([images, targets]);
  return numbers;
}

const moved = (a: ArrayLike<number>, b: ArrayLike<number>) => Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index]!)));

let both: { ours: Numbers; reference: Numbers } | undefined;

/** On the first call runs everything on both engines; WebGPU stays the current one. */
async function onBoth(): Promise<{ ours: Numbers; reference: Numbers }> {
  if (both) return both;
  vi.stubEnv("FLEXIVIT_ENGINE", "");
  await useEngine({ prefer: "cpu" });
  const reference = numbersOf();
  await useEngine({ prefer: "webgpu" });
  vi.unstubAllEnvs();
  return (both = { ours: numbersOf(), reference });
}

async function expectAlike(kind: string, relative: number): Promise<void> {
  const { ours, reference } = await onBoth();
  const names = Object.keys(reference).filter((what) => what.startsWith(kind));
  expect(names.length).toBeGreaterThan(2);
  // Only the gradients and the weights of the keys' biases, which are zero but for rounding, are smaller than 2e-7.
  for (const what of names) expectClose(ours[what]!, reference[what]!, { relative, absolute: 2e-7 });
}

test("logits at three patch sizes equal those of plain JavaScript", async () => {
  await expectAlike("logits", 2e-6); // float32 noise; 4e-7 was seen
});

test("loss, gradient norm and the gradient of every weight in three steps equal those of plain JavaScript", async () => {
  await expectAlike("loss", 2e-6);
  await expectAlike("norm", 1e-5);
  await expectAlike("gradient", 5e-5); // after two steps of weights that differ in their last bits; 1e-5 was seen
});

test("weights after three clipped steps of AdamW equal those of plain JavaScript, and have moved", async () => {
  const { ours } = await onBoth();
  await expectAlike("weight", 2e-5); // 5e-6 was seen
  const resting = tf.tidy(() => leaves(initial()).filter(({ path, tensor }) => moved(ours[`weight ${path}`]!, tensor.dataSync()) < 0.01).map(({ path }) => path));
  // A softmax does not change when all of its scores do, so these have no gradient.
  expect(resting).toEqual(["backbone/blocks/0/attention/key/bias", "backbone/blocks/1/attention/key/bias"]);
});

test("memory: a run leaves no tensor behind", async () => {
  await onBoth();
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  numbersOf();
  expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
});
