import { vitConfig, type VitConfig } from "@flexivit/vit";
import { recipeDefaults, type ClassifierRecipe } from "flexivit";
import type { DataChoice, TrainedPlan } from "./plan.ts";

/** How a model is trained: everything of a recipe but the model, the patch sizes and the seed. */
export type Training = Omit<ClassifierRecipe, "vit" | "patchSizes" | "evaluatePatchSizes" | "seed">;

/** A training of pictures of clothes or digits at 24 px, divisible by 12, 8, 6, 4 and 3, on two cores. Its settings were found in LOG.md. */
export const smallTraining: Training = {
  ...recipeDefaults,
  imageSizePx: 24,
  trainFraming: { kind: "squash" },
  testFraming: { kind: "squash" },
  batchSize: 64,
  steps: 1000,
  optimizer: { kind: "adamw", learningRate: 4e-3, weightDecay: 1e-4, b2: 0.95 },
  schedule: { kind: "cosine", warmupSteps: 100 },
  evaluateEvery: 1000,
  checkpointEvery: 500,
};

export const greySmall: DataChoice = { data: "fashion-mnist", channels: 1 };

/** A transformer for pictures of 24 px, its kernel and its grid of positions stored in the middle of the sizes. */
export const smallVit: VitConfig = vitConfig({ dim: 64, depth: 4, hiddenDim: 128, heads: 2 }, { channels: 1, patchSize: [6, 6], positionGrid: [4, 4] });

/** The whole way in seconds; the accuracies mean nothing. */
export const smokeTraining: Training = { ...smallTraining, ...lasting(smallTraining, 6), batchSize: 16 };
export const smokeVit: VitConfig = vitConfig({ dim: 16, depth: 1, hiddenDim: 32, heads: 2 }, { channels: 1, patchSize: [6, 6], positionGrid: [4, 4] });

/**
 * The paper's supervised training of ViT-B at 240 px on a folder of ImageNet-21k, sigmoid loss: 90 epochs, as in the released
 * config (the models that the paper compares took 300).
 * Source: arXiv 2212.08013 section 3 and big_vision `configs/proj/flexivit/i21k_sup.py`.
 */
export const paperTraining: Training = {
  ...recipeDefaults,
  objective: "sigmoid",
  headBias: -10,
  imageSizePx: 240,
  testFraming: { kind: "shorter-side", cropFraction: 240 / 272 },
  mix: { mixup: { alpha: 0.2 } },
  augment: { kind: "rand-augment", layers: 2, magnitude: 10 },
  batchSize: 4096,
  accumulate: 64,
  steps: 310_800, // 90 epochs of 14.1 million pictures
  optimizer: { kind: "adamw", learningRate: 1e-3, weightDecay: 1e-4 },
  schedule: { kind: "cosine", warmupSteps: 10_000 },
  evaluateEvery: 2500,
  checkpointEvery: 500,
};

export const imageNet21k: DataChoice = { data: "imagenet21k", channels: 3 };
export const imageNet: DataChoice = { data: "imagenet", channels: 3 };
/** Stored at 32x32 and 7x7, as in the paper's section 3.4; the released config for ImageNet-21k has 8x8. */
export const paperVit: VitConfig = vitConfig("B", { patchSize: [32, 32], positionGrid: [7, 7], pooling: "tok" });
export const paperPatchSizes: string[] = ["48", "40", "30", "24", "20", "16", "15", "12", "10", "8"];

/** Another length of a training, with a warm-up in proportion, evaluated at its end. */
export function lasting({ steps, schedule }: Pick<Training, "steps" | "schedule">, wanted: number): Pick<Training, "steps" | "schedule" | "evaluateEvery" | "checkpointEvery"> {
  const warmupSteps = Math.round(((schedule.warmupSteps ?? 0) * wanted) / steps);
  return { steps: wanted, schedule: { ...schedule, warmupSteps }, evaluateEvery: wanted, checkpointEvery: Math.ceil(wanted / 2) };
}

type Model = { vit: VitConfig; patchSizes: string[]; seed: number } & Partial<Pick<TrainedPlan, "shared" | "from" | "ownStorage" | "teacher">> & Partial<Pick<ClassifierRecipe, "draw" | "imageSizesPx">>;

/** A plan out of a data set, a training and a model; it is evaluated at the sizes it draws from. */
export function planOf(name: string, { data, channels, classes }: DataChoice, training: Training, { vit, patchSizes, seed, draw, imageSizesPx, ...rest }: Model): TrainedPlan {
  const drawn = { ...(draw ? { draw } : {}), ...(imageSizesPx ? { imageSizesPx } : {}) };
  return { name, data, channels, ...(classes ? { classes } : {}), recipe: { ...training, vit, patchSizes, ...drawn, evaluatePatchSizes: patchSizes, seed }, ...rest };
}

/** A transformer whose weights are stored at one patch size and its own grid, as those of a fixed model are. */
export function fixedVit(vit: VitConfig, patchSize: string, imageSizePx: number): VitConfig {
  const [side, grid] = [Number(patchSize), imageSizePx / Number(patchSize)];
  return { ...vit, patchSize: [side, side], positionGrid: [grid, grid] };
}
