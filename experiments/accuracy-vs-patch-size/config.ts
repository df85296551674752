import { vitConfig, type VitConfig } from "@flexivit/vit";
import { pretrainedFixed, pretrainedFlexible, rgbPretraining, type Pretraining } from "../pretrained.ts";
import { fixedVit, imageNet21k, lasting, paperPatchSizes, paperTraining, paperVit, planOf, smallTraining, smallVit, smokeTraining, type Training } from "../recipes.ts";
import type { TrainedPlan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";

/** One variant: the models that are compared and how each is trained. */
export type Config = StudyConfig & {
  /** Sizes that the flexible model draws from and that every model is evaluated at, coarse to fine. */
  patchSizes: string[];
  /** Sizes at which a fixed model of its own is trained. */
  fixedPatchSizes: string[];
  /** The same for all models but for the number of steps. */
  training: Training;
  /** Steps of the flexible model, where it does not take as many as a fixed one. */
  flexibleSteps?: number;
  /** The flexible model's configuration. */
  vit: VitConfig;
  /** Where it is given, the models are those that other experiments start from too. */
  pretraining?: Pretraining;
};

/**
 * Pictures of clothes, 28x28 pixels, resized to 24x24.
 *
 * The one flexible model takes as many steps as the three fixed ones together: so short a training gives each of its
 * sizes a fifth of the steps, and the comparison is between what the same steps buy.
 */
const small: Config = {
  data: "fashion-mnist",
  channels: 1,
  patchSizes: ["12", "8", "6", "4", "3"],
  fixedPatchSizes: ["12", "6", "4"],
  flexibleSteps: 3000,
  vit: smallVit,
  training: { ...smallTraining, batchSize: 128, evaluateEvery: 250, checkpointEvery: 250 },
};

/** For the WebAssembly engine: narrower, shorter, without the finest size. */
const reduced: Config = {
  ...small,
  patchSizes: ["12", "8", "6", "4"],
  fixedPatchSizes: ["12", "6"],
  flexibleSteps: 2000,
  vit: vitConfig({ dim: 48, depth: 3, hiddenDim: 96, heads: 2 }, { channels: 1, patchSize: [6, 6], positionGrid: [4, 4] }),
  training: { ...small.training, batchSize: 64 },
  testPictures: 2000,
};

/** Photographs in colour at their own 32x32 pixels; other experiments start from these models. */
const rgb: Config = {
  ...rgbPretraining,
  fixedPatchSizes: rgbPretraining.patchSizes,
  training: { ...rgbPretraining.training, steps: rgbPretraining.fixedSteps },
  flexibleSteps: rgbPretraining.training.steps,
  pretraining: rgbPretraining,
  testPictures: 4000,
};

/** The whole way in seconds; the accuracies mean nothing. */
const smoke: Config = {
  ...reduced,
  patchSizes: ["12", "6"],
  fixedPatchSizes: ["12"],
  flexibleSteps: 6,
  vit: vitConfig({ dim: 16, depth: 1, hiddenDim: 32, heads: 2 }, { channels: 1, patchSize: [12, 12], positionGrid: [4, 4] }),
  training: { ...smokeTraining, evaluateEvery: 3, checkpointEvery: 3 },
  testPictures: 100,
};

/** The paper's supervised models: ViT-B at 240 px, ten patch sizes. */
const paper: Config = {
  ...imageNet21k,
  patchSizes: paperPatchSizes,
  fixedPatchSizes: ["30", "16"],
  vit: paperVit,
  training: paperTraining,
};

export const configs = { small, rgb, reduced, smoke, paper } as const satisfies Record<string, Config>;

/** The flexible model and the fixed ones; a fixed model stores its weights at its own patch size and grid. */
export function plansOf(config: Config, seed: number): TrainedPlan[] {
  const { patchSizes, training, vit, pretraining, flexibleSteps = training.steps } = config;
  if (pretraining) return [pretrainedFlexible(pretraining, seed), ...config.fixedPatchSizes.map((size) => pretrainedFixed(pretraining, size, seed))];
  const { steps, schedule } = lasting(training, flexibleSteps);
  const fixed = config.fixedPatchSizes.map((size) => planOf(`fixed ${size}`, config, training, { vit: fixedVit(vit, size, training.imageSizePx), patchSizes: [size], seed }));
  return [planOf("flexible", config, { ...training, steps, schedule }, { vit, patchSizes, seed }), ...fixed];
}
