import { classificationLoss, classify, initClassifier, labelTargets } from "@flexivit/classify";
import { adamw, applyUpdates, type Step as UpdateStep, type Trained, updatesAsTheyCome } from "@flexivit/optim";
import { valueAndEachGradient, valueAndGradients } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { random } from "@flexivit/random";
import { initVit, vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import type { Spec, Step } from "./spec.ts";

/** Runs one step of a model at a patch size. */
export type ModelRun = (patchSize: number) => Promise<void>;

/** `images` [batch, height, width, channels] and `targets` [batch, classes]. */
export type Examples = { images: tf.Tensor4D; targets: tf.Tensor2D };

/** Runs one step of a model at a patch size on examples, which stay the caller's. */
export type RunOn = (patchSize: number, examples: Examples) => Promise<void>;

/** The model that `spec` describes, on the same random pictures in each step. */
export function ourModel(spec: Spec): ModelRun {
  const [run, examples] = [ourModelOn(spec), randomExamples(spec)];
  return (patchSize) => run(patchSize, examples);
}

/** The model that `spec` describes; pixels that whole patches leave over are cropped. */
export function ourModelOn(spec: Spec): RunOn {
  return spec.mode === "forward" ? forward(spec) : train(spec);
}

/** What one step costs. */
export async function timed(run: ModelRun, patchSize: number): Promise<Step> {
  const [started, processor] = [performance.now(), process.cpuUsage()];
  await run(patchSize);
  const { user, system } = process.cpuUsage(processor);
  return { patchSize, milliseconds: performance.now() - started, processorMilliseconds: (user + system) / 1000 };
}

function randomExamples({ channels, imageSizePx, batch, classes }: Spec): Examples {
  const pixels = new Float32Array(batch * imageSizePx ** 2 * channels);
  const stream = random(0, "pictures");
  stream.fillUniform(pixels, -1, 1);
  const images = tf.tensor4d(pixels, [batch, imageSizePx, imageSizePx, channels]);
  return { images, targets: labelTargets(Array.from({ length: batch }, () => stream.integer(classes)), classes) };
}

function settingOf({ model, channels, imageSizePx, patchSizes, classes, recompute }: Spec) {
  const [only] = patchSizes.length === 1 ? patchSizes : [];
  const [stored, grid] = only ? [only, Math.floor(imageSizePx / only)] : [32, 7];
  const sizes = { ...model, hiddenDim: 4 * model.dim };
  const config = vitConfig(sizes, { channels, patchSize: [stored, stored], positionGrid: [grid, grid], activation: "erf" });
  const params = { backbone: initVit(config, 0), head: initClassifier({ dim: model.dim, classes, bias: 0 }, 0) };
  const logits = ({ backbone, head }: typeof params, patchSize: number, images: tf.Tensor4D) =>
    tf.tidy(() => classify(head, vit(backbone, config, images, { scheme: parseScheme(String(patchSize)), remainder: "crop", recompute })));
  return { params, logits };
}

function forward(spec: Spec): RunOn {
  const { params, logits } = settingOf(spec);
  return async (patchSize, { images }) => {
    const result = logits(params, patchSize, images);
    await result.data();
    result.dispose();
  };
}

type Loss<P> = (params: P) => tf.Scalar;

function train(spec: Spec): RunOn {
  const { params, logits } = settingOf(spec);
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 1e-4 });
  let state: Trained<typeof params> = { params, slots: {} };
  let count = 0;
  const together = (loss: Loss<typeof params>, step: UpdateStep): tf.Scalar => {
    const { value, gradients } = valueAndGradients(loss, state.params);
    state = applyUpdates(optimizer, state, gradients, step);
    return value;
  };
  const asTheyCome = (loss: Loss<typeof params>, step: UpdateStep): tf.Scalar => {
    const updates = updatesAsTheyCome(optimizer, state, step);
    const value = valueAndEachGradient(loss, state.params, updates.take);
    state = updates.finish();
    return value;
  };
  const update = spec.updates === "asTheyCome" ? asTheyCome : together;
  return async (patchSize, { images, targets }) => {
    const value = update((weights) => classificationLoss(logits(weights, patchSize, images), targets), { count: count++, schedule: 1 });
    await value.data();
    await state.params.head.kernel.data(); // the update is done
    value.dispose();
  };
}
