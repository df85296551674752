import { vitConfig } from "@flexivit/vit";
import { taskDefaults, type HeadConfigs } from "flexivit";
import type { AnyPatchConfig } from "../any-patch.ts";
import { lasting } from "../recipes.ts";
import { sceneTraining, sceneVit, smokeSceneTraining, smokeSceneVit } from "../scene-settings.ts";
import * as segment from "../segment-any-patch/config.ts";

export type Config = AnyPatchConfig<"detect">;

/** Every token one box, so finer patches also mean more boxes; a distribution with "no object", which learns sooner. */
const head: HeadConfigs["detect"] = { dim: sceneVit.dim, classes: 1, predictors: { kind: "tokens" }, objective: "softmax", masks: { dim: 8 } };

/** Twice as long as a segmenter learns, half as fast. */
const detection = { ...sceneTraining, ...lasting(sceneTraining, 2 * sceneTraining.steps), optimizer: { ...sceneTraining.optimizer, learningRate: 2e-3 } };

/**
 * Scenes of 192 px in which objects of every size occur, seen at 96 px. Each detector starts from the backbone of the segmenter of
 * `segment-any-patch` that saw the same patch sizes, as detectors start from pretrained backbones elsewhere.
 *
 * The one flexible model takes as many steps as the two fixed ones together: so short a training gives each of its sizes
 * a quarter of the steps, and the comparison is between what the same steps buy.
 */
const small: Config = {
  data: "composed-scenes",
  channels: 3,
  patchSizes: ["24", "16", "12", "8"],
  fixedPatchSizes: ["16", "8"],
  training: { ...detection, task: "detect", head, loss: { noObjectWeight: 0.3 } },
  from: segment.configs.small,
  flexibleSteps: 2 * detection.steps,
  vit: sceneVit,
  testPictures: 150,
};

/** The whole way in seconds; the figures mean nothing. */
const smoke: Config = {
  ...small,
  data: "composed-scenes-plain",
  patchSizes: ["24", "12"],
  fixedPatchSizes: ["12"],
  training: { ...small.training, ...smokeSceneTraining, head: { ...head, dim: smokeSceneVit.dim, masks: { dim: 4 } } },
  from: segment.configs.smoke,
  flexibleSteps: 4,
  vit: smokeSceneVit,
  testPictures: 8,
};

/**
 * ViT-B on COCO at 1024 px with a feature pyramid over its tokens, flexible from 32 to 16 px, 100 epochs.
 * Source: ViTDet, arXiv 2203.16527 section 4 (simple feature pyramid, AdamW 1e-4, batch 64, layer decay 0.7, drop path 0.1, large-scale
 * jitter); set prediction with queries as in Deformable DETR in place of its Mask R-CNN, so its 51.6 box AP is a mark, not a bound.
 */
const paper: Config = {
  data: "coco",
  channels: 3,
  patchSizes: ["32", "16"],
  fixedPatchSizes: ["32", "16"],
  training: {
    ...taskDefaults,
    task: "detect",
    head: {
      dim: 768,
      classes: 80,
      predictors: { kind: "queries", queries: 300, blocks: 6, heads: 12, hiddenDim: 2048 },
      objective: "focal",
      levels: ["x4", "x2", "x1", "half"],
      masks: { dim: 32 },
    },
    imageSizePx: 1024,
    recompute: true,
    trainFraming: { kind: "inception-crop", area: [0.3, 1] },
    testFraming: { kind: "squash" },
    batchSize: 64,
    accumulate: 64,
    steps: 184_375, // 100 epochs of 118,000 pictures
    optimizer: { kind: "adamw", learningRate: 1e-4, weightDecay: 0.1, layerDecay: 0.7 },
    schedule: { kind: "cosine", warmupSteps: 250 },
    evaluateEvery: 20_000,
    checkpointEvery: 1000,
  },
  vit: vitConfig("B", { patchSize: [16, 16], positionGrid: [64, 64], dropPath: 0.1 }),
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;
