import { vitConfig, type VitConfig } from "@flexivit/vit";
import { taskDefaults } from "flexivit";
import { lasting } from "./recipes.ts";

/** A transformer for scenes of 96 px, its kernel and its grid of positions stored in the middle of the sizes. */
export const sceneVit: VitConfig = vitConfig({ dim: 96, depth: 4, hiddenDim: 192, heads: 3 }, { patchSize: [12, 12], positionGrid: [8, 8] });
export const smokeSceneVit: VitConfig = vitConfig({ dim: 16, depth: 1, hiddenDim: 32, heads: 2 }, { patchSize: [12, 12], positionGrid: [4, 4] });

/** How scenes are learned on two cores, whatever the task. There are so many that each is seen once or twice, so nothing is varied. */
export const sceneTraining = {
  ...taskDefaults,
  imageSizePx: 96,
  trainFraming: { kind: "squash" },
  testFraming: { kind: "squash" },
  batchSize: 16,
  steps: 400,
  optimizer: { kind: "adamw", learningRate: 4e-3, weightDecay: 1e-4, b2: 0.95 },
  schedule: { kind: "cosine", warmupSteps: 40 },
  evaluateEvery: 400,
  checkpointEvery: 200,
} as const;

/** The whole way in seconds; the figures mean nothing. */
export const smokeSceneTraining = { ...sceneTraining, ...lasting(sceneTraining, 4), batchSize: 4 };
