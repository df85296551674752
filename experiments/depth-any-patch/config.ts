import { vitConfig } from "@flexivit/vit";
import { taskDefaults, type HeadConfigs } from "flexivit";
import { anyPatchPlans, type AnyPatchConfig } from "../any-patch.ts";
import type { TrainedPlan } from "../plan.ts";
import { lasting, paperPatchSizes } from "../recipes.ts";
import { roomDepths } from "../scenes/ray-cast-room.ts";
import { smokeSceneVit } from "../scene-settings.ts";
import { weightsOf } from "../weights.ts";

export type Config = AnyPatchConfig<"depth"> & {
  /** Whether the backbones start from a file of trained weights. */
  pretrained?: true;
};

const depthVit = vitConfig({ dim: 64, depth: 4, hiddenDim: 128, heads: 2 }, { patchSize: [12, 12], positionGrid: [8, 8] });

/** Two levels, the finer of 4 px per cell. */
const head: HeadConfigs["depth"] = { dim: depthVit.dim, blocks: ["1", "3"], stridesPx: [4, 8], width: 24, depth: { kind: "log", ...roomDepths }, normals: true };

/**
 * Ray-cast rooms at 96 px, half of them mirrored. Settings were found in LOG.md.
 *
 * The one flexible model takes as many steps as the three fixed ones together, as the comparison is between what the same
 * steps buy; a second flexible one takes as many as each of them.
 */
const small: Config = {
  data: "ray-cast-scenes",
  channels: 3,
  patchSizes: ["24", "16", "12", "8", "6"],
  fixedPatchSizes: ["24", "12", "8"],
  training: {
    ...taskDefaults,
    task: "depth",
    head,
    imageSizePx: 96,
    trainFraming: { kind: "pad-crop" },
    testFraming: { kind: "squash" },
    batchSize: 16,
    steps: 400,
    optimizer: { kind: "adamw", learningRate: 4e-3, weightDecay: 1e-4, b2: 0.95 },
    schedule: { kind: "cosine", warmupSteps: 40 },
    evaluateEvery: 400,
    checkpointEvery: 200,
  },
  flexibleSteps: 1200,
  vit: depthVit,
  testPictures: 120,
};

/** The whole way in seconds; the figures mean nothing. */
const smoke: Config = {
  ...small,
  data: "ray-cast-scenes-plain",
  patchSizes: ["24", "12"],
  fixedPatchSizes: ["12"],
  training: { ...small.training, ...lasting(small.training, 4), batchSize: 4, head: { ...head, dim: smokeSceneVit.dim, blocks: ["0", "tokens"], width: 4 } },
  flexibleSteps: 6,
  vit: smokeSceneVit,
  testPictures: 8,
};

/**
 * ViT-B on NYU Depth v2 with normals at 480 px (pictures of 640x480 squashed), the paper's ten patch sizes, from the weights of
 * a FlexiViT-B; 25 epochs of its 24,231 training pictures.
 * Source: levels, blocks and width of the decoder from DPT, arXiv 2103.13413 section 3; the split and crops of three quarters of the
 * picture from arXiv 1907.10326; loss, AdamW, learning rate and epochs from AdaBins, arXiv 2011.14141, which reports an RMSE of 0.364 m.
 * UViM has 0.463 m.
 */
const paper: Config = {
  data: "nyu",
  channels: 3,
  patchSizes: paperPatchSizes,
  fixedPatchSizes: ["30", "16"],
  training: {
    ...taskDefaults,
    task: "depth",
    head: { dim: 768, blocks: ["2", "5", "8", "11"], stridesPx: [4, 8, 16, 32], width: 256, depth: { kind: "log", nearest: 0.5, farthest: 10 }, normals: true },
    imageSizePx: 480,
    recompute: true,
    trainFraming: { kind: "inception-crop", area: [0.7, 1], ratio: [1.2, 1.45], resampling: "pil-bilinear" },
    testFraming: { kind: "squash", resampling: "pil-bilinear" },
    batchSize: 16,
    accumulate: 4,
    steps: 37_850,
    optimizer: { kind: "adamw", learningRate: 3.5e-4, weightDecay: 1e-2 },
    schedule: { kind: "cosine", warmupSteps: 11_355 }, // three tenths
    evaluateEvery: 3785,
    checkpointEvery: 500,
  },
  vit: vitConfig("B", { patchSize: [32, 32], positionGrid: [7, 7] }),
  pretrained: true,
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;

/** The flexible model of as many steps as a fixed one, where the other takes more. */
export const equalName = "flexible, equal steps";

/** Whether the flexible model takes more steps than each fixed one, so that there is a second one. */
export function takesMore({ flexibleSteps, training }: Config): boolean {
  return flexibleSteps !== undefined && flexibleSteps !== training.steps;
}

/** The flexible model, the fixed ones and the second flexible one, from trained weights where the variant wants them. */
export function plansOf(config: Config, seed: number, weights?: readonly string[]): TrainedPlan[] {
  const [equal] = takesMore(config) ? anyPatchPlans({ ...config, flexibleSteps: undefined }, seed) : [];
  const plans = [...anyPatchPlans(config, seed), ...(equal ? [{ ...equal, name: equalName }] : [])];
  if (!config.pretrained) return plans;
  const [from] = weightsOf(weights, "backbone");
  return plans.map((plan) => ({ ...plan, from, ownStorage: true }));
}
