import type { VitConfig } from "@flexivit/vit";
import { greySmall, imageNet21k, lasting, paperTraining, paperVit, planOf, smallTraining, smallVit, smokeTraining, smokeVit, type Training } from "../recipes.ts";
import type { TrainedPlan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";

/** One variant: a model that sees one image size, and one that sees several in every step, under one scheme. */
export type Config = StudyConfig & {
  /** Patch sizes that divide every image size. */
  patchSizes: string[];
  /** Image sizes of a step of the mixed model; the other one sees `training.imageSizePx`. */
  mixedSizesPx: number[];
  /** Image sizes of the evaluation, small to large. */
  evaluatedSizesPx: number[];
  vit: VitConfig;
  training: Training;
};

/** 66 pictures a step: of 24 px, or 22 each of 16, 24 and 32 px. */
const small: Config = {
  ...greySmall,
  patchSizes: ["8", "4"],
  mixedSizesPx: [16, 24, 32],
  evaluatedSizesPx: [16, 24, 32, 40],
  vit: smallVit,
  training: { ...smallTraining, ...lasting(smallTraining, 800), batchSize: 66 },
  testPictures: 4000,
};

const smoke: Config = { ...small, patchSizes: ["8"], mixedSizesPx: [16, 24], evaluatedSizesPx: [16, 24], vit: smokeVit, training: smokeTraining, testPictures: 50 };

/** ViT-B on pictures of 160 and 320 px together; a part of the batch holds 64 pictures, which the number of sizes divides. */
const paper: Config = {
  ...imageNet21k,
  patchSizes: ["40", "32", "20", "16", "10"],
  mixedSizesPx: [160, 320],
  evaluatedSizesPx: [160, 320, 480],
  vit: paperVit,
  training: { ...paperTraining, imageSizePx: 320 },
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;

export const mixedName = "several sizes";

export function plansOf(config: Config, seed: number): TrainedPlan[] {
  const { vit, training, patchSizes, mixedSizesPx } = config;
  const one = planOf("one size", config, training, { vit, patchSizes, seed });
  return [one, planOf(mixedName, config, training, { vit, patchSizes, seed, imageSizesPx: mixedSizesPx })];
}
