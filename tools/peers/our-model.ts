import { classificationLoss, classify, initClassifier, labelTargets } from "@flexivit/classify";
import { adamw, applyUpdates } from "@flexivit/optim";
import { valueAndGradients } from "@flexivit/params";
import { parseScheme } from "@flexivit/patch-schemes";
import { random } from "@flexivit/random";
import { initVit, vit, vitConfig } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import type { Spec, Step } from "./spec.ts";

/** Runs one step of the model that `spec` describes, on random pictures, at a patch size. */
export type ModelRun = (patchSize: number) => Promise<void>;

export function ourModel(spec: Spec): ModelRun {
  return spec.mode === "forward" ? forward(spec) : train(spec);
}

/** What one step costs. */
export async function timed(run: ModelRun, patchSize: number): Promise<Step> {
  const [started, processor] = [performance.now(), process.cpuUsage()];
  await run(patchSize);
  const { user, system } = process.cpuUsage(processor);
  return { patchSize, milliseconds: performance.now() - started, processorMilliseconds: (user + system) / 1000 };
}

function settingOf({ model, channels, imageSizePx, patchSizes, batch, classes, recompute }: Spec) {
  const [only] = patchSizes.length === 1 ? patchSizes : [];
  const [stored, grid] = only ? [only, imageSizePx / only] : [32, 7];
  const sizes = { ...model, hiddenDim: 4 * model.dim };
  const config = vitConfig(sizes, { channels, patchSize: [stored, stored], positionGrid: [grid, grid], activation: "erf" });
  const pixels = new Float32Array(batch * imageSizePx ** 2 * channels);
  const stream = random(0, "pictures");
  stream.fillUniform(pixels, -1, 1);
  const images = tf.tensor4d(pixels, [batch, imageSizePx, imageSizePx, channels]);
  const targets = labelTargets(Array.from({ length: batch }, () => stream.integer(classes)), classes);
  const params = { backbone: initVit(config, 0), head: initClassifier({ dim: model.dim, classes, bias: 0 }, 0) };
  const logits = ({ backbone, head }: typeof params, patchSize: number) =>
    tf.tidy(() => classify(head, vit(backbone, config, images, { scheme: parseScheme(String(patchSize)), recompute })));
  return { params, logits, targets };
}

function forward(spec: Spec): ModelRun {
  const { params, logits } = settingOf(spec);
  return async (patchSize) => {
    const result = logits(params, patchSize);
    await result.data();
    result.dispose();
  };
}

function train(spec: Spec): ModelRun {
  const { params, logits, targets } = settingOf(spec);
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 1e-4 });
  let state: Parameters<typeof applyUpdates<typeof params>>[1] = { params, slots: {} };
  let count = 0;
  return async (patchSize) => {
    const { value, gradients } = valueAndGradients((weights) => classificationLoss(logits(weights, patchSize), targets), state.params);
    state = applyUpdates(optimizer, state, gradients, { count: count++, schedule: 1 });
    await value.data();
    await state.params.head.kernel.data(); // the update is done
    value.dispose();
  };
}
