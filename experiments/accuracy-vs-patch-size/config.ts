import { vitConfig, type VitConfig } from "@flexivit/vit";
import { recipeDefaults, type ClassifierRecipe } from "flexivit";

/** One variant of the experiment: the data, the models that are compared and how each is trained. */
export type Config = {
  data: string;
  /** Channels of the pictures. */
  channels: 1 | 3;
  /** Sizes that the flexible model draws from and that every model is evaluated at, coarse to fine. */
  patchSizes: string[];
  /** Sizes at which a fixed model of its own is trained. */
  fixedPatchSizes: string[];
  /** Everything but the patch sizes, the same for all models. */
  shared: Omit<ClassifierRecipe, "vit" | "patchSizes" | "evaluatePatchSizes" | "seed">;
  /** The flexible model's configuration. */
  vit: VitConfig;
  /** Steps of the flexible model, where it does not take as many as a fixed one. */
  flexibleSteps?: number;
  /** Test pictures that are used; all unless given. */
  testPictures?: number;
};

/**
 * Pictures of 28x28 pixels, resized to 24x24: divisible by 12, 8, 6, 4 and 3.
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
  vit: vitConfig({ dim: 64, depth: 4, hiddenDim: 128, heads: 2 }, { channels: 1, patchSize: [6, 6], positionGrid: [4, 4] }),
  shared: {
    ...recipeDefaults,
    imageSizePx: 24,
    trainFraming: { kind: "squash" },
    testFraming: { kind: "squash" },
    batchSize: 128,
    steps: 1000,
    optimizer: { kind: "adamw", learningRate: 4e-3, weightDecay: 1e-4, b2: 0.95 },
    schedule: { kind: "cosine", warmupSteps: 100 },
    evaluateEvery: 250,
    checkpointEvery: 250,
  },
};

/** For the WebAssembly engine: narrower, shorter, without the finest size. */
const reduced: Config = {
  ...small,
  patchSizes: ["12", "8", "6", "4"],
  fixedPatchSizes: ["12", "6"],
  flexibleSteps: 2000,
  vit: vitConfig({ dim: 48, depth: 3, hiddenDim: 96, heads: 2 }, { channels: 1, patchSize: [6, 6], positionGrid: [4, 4] }),
  shared: { ...small.shared, batchSize: 64 },
  testPictures: 2000,
};

/** The whole way in seconds; the accuracies mean nothing. */
const smoke: Config = {
  ...reduced,
  patchSizes: ["12", "6"],
  fixedPatchSizes: ["12"],
  flexibleSteps: 6,
  vit: vitConfig({ dim: 16, depth: 1, hiddenDim: 32, heads: 2 }, { channels: 1, patchSize: [12, 12], positionGrid: [4, 4] }),
  shared: { ...small.shared, batchSize: 16, steps: 6, schedule: { kind: "cosine", warmupSteps: 2 }, evaluateEvery: 3, checkpointEvery: 3 },
  testPictures: 100,
};

/**
 * The paper's supervised models on an ImageNet folder: ViT-B at 240 px, ten patch sizes, sigmoid loss.
 * Source: arXiv 2212.08013 section 3 and big_vision `configs/proj/flexivit/i21k_sup.py`; ImageNet-1k in place of 21k.
 */
const paper: Config = {
  data: "imagenet",
  channels: 3,
  patchSizes: ["48", "40", "30", "24", "20", "16", "15", "12", "10", "8"],
  fixedPatchSizes: ["30", "16"],
  vit: vitConfig("B", { patchSize: [32, 32], positionGrid: [7, 7] }),
  shared: {
    ...recipeDefaults,
    objective: "sigmoid",
    headBias: -10,
    imageSizePx: 240,
    mix: { mixup: { alpha: 0.2 } },
    batchSize: 4096,
    accumulate: 64,
    steps: 28_000, // 90 epochs of 1.28 million pictures
    optimizer: { kind: "adamw", learningRate: 1e-3, weightDecay: 1e-4 },
    schedule: { kind: "cosine", warmupSteps: 10_000 },
    evaluateEvery: 2500,
    checkpointEvery: 500,
  },
};

export const configs = { small, reduced, smoke, paper } as const satisfies Record<string, Config>;

export type Variant = keyof typeof configs;

export type ModelPlan = { name: string; trainedAt?: string; recipe: ClassifierRecipe };

/** The flexible model and the fixed ones; a fixed model stores its weights at its own patch size and grid. */
export function modelPlans(config: Config, seed: number): ModelPlan[] {
  const { patchSizes, shared, vit } = config;
  const common = { ...shared, evaluatePatchSizes: patchSizes, seed };
  const fixed = config.fixedPatchSizes.map((size): ModelPlan => {
    const grid = shared.imageSizePx / Number(size);
    const own: VitConfig = { ...vit, patchSize: [Number(size), Number(size)], positionGrid: [grid, grid] };
    return { name: `fixed ${size}`, trainedAt: size, recipe: { ...common, vit: own, patchSizes: [size], evaluatePatchSizes: [size] } };
  });
  return [{ name: "flexible", recipe: { ...common, ...longer(config), vit, patchSizes } }, ...fixed];
}

/** The flexible model's own number of steps, with a warm-up in proportion. */
function longer({ flexibleSteps, shared }: Config): Pick<ClassifierRecipe, "steps" | "schedule"> {
  const { steps, schedule } = shared;
  const own = flexibleSteps ?? steps;
  return { steps: own, schedule: { ...schedule, warmupSteps: Math.round(((schedule.warmupSteps ?? 0) * own) / steps) } };
}
