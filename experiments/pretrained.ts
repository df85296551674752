import type { VitConfig } from "@flexivit/vit";
import type { DataChoice, TrainedPlan } from "./plan.ts";
import { fixedVit, greySmall, lasting, planOf, smallTraining, smallVit, smokeTraining, smokeVit, type Training } from "./recipes.ts";

/** What the pretrained models of a variant have in common. */
export type Pretraining = DataChoice & {
  vit: VitConfig;
  training: Training;
  /** Sizes of the flexible model, coarse to fine. */
  patchSizes: string[];
  /** Steps of a fixed model, which sees one size only. */
  fixedSteps: number;
};

/** Models of clothes that several experiments start from. */
export const smallPretraining: Pretraining = {
  ...greySmall,
  vit: smallVit,
  training: { ...smallTraining, ...lasting(smallTraining, 2000) },
  patchSizes: ["12", "8", "6", "4", "3"],
  fixedSteps: 1000,
};

/** Models of photographs in colour, 32x32. */
export const rgbPretraining: Pretraining = {
  data: "cifar10",
  channels: 3,
  vit: { ...smallVit, channels: 3, patchSize: [8, 8] },
  training: { ...smallTraining, ...lasting(smallTraining, 2400), imageSizePx: 32, trainFraming: { kind: "pad-crop" }, testFraming: { kind: "centre-crop" } },
  patchSizes: ["16", "8", "4"],
  fixedSteps: 800,
};

export const smokePretraining: Pretraining = { ...greySmall, vit: smokeVit, training: smokeTraining, patchSizes: ["12", "6"], fixedSteps: 4 };

/** The flexible model. */
export function pretrainedFlexible({ vit, training, patchSizes, ...choice }: Pretraining, seed: number): TrainedPlan {
  return planOf("pretrained flexible", choice, training, { vit, patchSizes, seed, shared: true });
}

/** A model of one patch size, its weights stored at that size. */
export function pretrainedFixed({ vit, training, fixedSteps, ...choice }: Pretraining, patchSize: string, seed: number): TrainedPlan {
  const own = { ...training, ...lasting(training, fixedSteps) };
  return planOf(`pretrained fixed ${patchSize}`, choice, own, { vit: fixedVit(vit, patchSize, training.imageSizePx), patchSizes: [patchSize], seed, shared: true });
}
