import { vitConfig } from "@flexivit/vit";
import { taskDefaults } from "flexivit";
import type { AnyPatchConfig } from "../any-patch.ts";
import { sceneTraining, sceneVit, smokeSceneTraining, smokeSceneVit } from "../scene-settings.ts";

export type Config = AnyPatchConfig<"segment">;

/**
 * The scenes of `detect-any-patch`, a class per pixel.
 *
 * The one flexible model takes as many steps as the two fixed ones together: so short a training gives each of its sizes
 * a quarter of the steps, and the comparison is between what the same steps buy.
 */
const small: Config = {
  data: "composed-scenes",
  channels: 3,
  patchSizes: ["24", "16", "12", "8"],
  fixedPatchSizes: ["16", "8"],
  training: { ...sceneTraining, task: "segment", head: { kind: "linear", dim: sceneVit.dim, classes: 5 } },
  flexibleSteps: 2 * sceneTraining.steps,
  vit: sceneVit,
  keptAs: "segmenter",
  testPictures: 200,
};

/** The whole way in seconds; the figures mean nothing. */
const smoke: Config = {
  ...small,
  data: "composed-scenes-plain",
  patchSizes: ["24", "12"],
  fixedPatchSizes: ["12"],
  training: { ...small.training, ...smokeSceneTraining, head: { kind: "linear", dim: smokeSceneVit.dim, classes: 5 } },
  flexibleSteps: 4,
  vit: smokeSceneVit,
  testPictures: 8,
};

/**
 * Segmenter B with a mask transformer on ADE20K: 480 px in place of its 512, which has too few divisors; 160,000 steps of 8.
 * Source: arXiv 2105.05633 section 4 (SGD 1e-3, polynomial decay, no weight decay, drop path 0.1, scales 0.5 to 2); S with a linear
 * decoder 45.75 mean IoU.
 */
const paper: Config = {
  data: "ade20k",
  channels: 3,
  patchSizes: ["48", "40", "32", "30", "24", "20", "16", "15", "12", "10"],
  fixedPatchSizes: ["32", "16"],
  training: {
    ...taskDefaults,
    task: "segment",
    head: { kind: "mask-transformer", dim: 768, classes: 150, heads: 12 },
    imageSizePx: 480,
    trainFraming: { kind: "scale-crop", scale: [0.5, 2] },
    testFraming: { kind: "squash" },
    batchSize: 8,
    accumulate: 8,
    steps: 160_000,
    optimizer: { kind: "sgd", learningRate: 1e-3, momentum: 0.9 },
    schedule: { kind: "linear", power: 0.9 },
    evaluateEvery: 20_000,
    checkpointEvery: 1000,
  },
  vit: vitConfig("B", { patchSize: [24, 24], positionGrid: [20, 20], dropPath: 0.1 }),
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;
