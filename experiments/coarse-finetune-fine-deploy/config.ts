import { pretrainedFixed, pretrainedFlexible, rgbPretraining, smallPretraining, smokePretraining, type Pretraining } from "../pretrained.ts";
import { imageNet, lasting, paperTraining, paperVit, planOf, smallTraining, smallVit, smokeTraining, smokeVit, type Training } from "../recipes.ts";
import type { Plan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";
import { weightsOf } from "../weights.ts";
import type { VitConfig } from "@flexivit/vit";

/** One variant: a flexible and a fixed model, both fine-tuned at one coarse size and deployed at finer ones. */
export type Config = StudyConfig & {
  /** The one size of the fine-tuning, and of the fixed model's pretraining. */
  coarse: string;
  /** Sizes of deployment, coarse to fine, `coarse` among them. */
  patchSizes: string[];
  /** Fine-tuning, the same for both. */
  training: Training;
  /** What a plan says of the transformer; that of the pretrained model is used. */
  vit: VitConfig;
  /** How both are pretrained; from --weights where it says nothing. */
  pretraining?: Pretraining;
};

/** Pretrained on clothes, fine-tuned on digits. */
const small: Config = {
  data: "mnist",
  channels: 1,
  coarse: "8",
  patchSizes: ["12", "8", "6", "4", "3"],
  training: { ...smallTraining, ...lasting(smallTraining, 300), optimizer: { kind: "adamw", learningRate: 1e-3, weightDecay: 1e-4, b2: 0.95 } },
  vit: smallVit,
  pretraining: smallPretraining,
  testPictures: 4000,
};

/** The head alone is fine-tuned. */
const headAlone = { freeze: ["backbone"], optimizer: { kind: "adamw", learningRate: 1e-2, weightDecay: 0, b2: 0.95 } } satisfies Partial<Training>;
const frozen: Config = { ...small, training: { ...small.training, ...headAlone } };

/** Fine-tuned gently on five of the ten classes that it was pretrained on, those that are hardest to tell apart. */
const related: Config = {
  ...small,
  data: "fashion-mnist",
  classes: ["T-shirt/top", "Pullover", "Dress", "Coat", "Shirt"],
  training: { ...small.training, optimizer: { kind: "adamw", learningRate: 3e-4, weightDecay: 1e-4, b2: 0.95 } },
};

const relatedFrozen: Config = { ...related, training: { ...related.training, ...headAlone } };

/** Photographs, on which finer patches see more: the head alone, at 16 px, on the six kinds of animals. */
const rgb: Config = {
  data: "cifar10",
  channels: 3,
  classes: ["bird", "cat", "deer", "dog", "frog", "horse"],
  coarse: "16",
  patchSizes: rgbPretraining.patchSizes,
  training: { ...rgbPretraining.training, ...lasting(rgbPretraining.training, 200), ...headAlone },
  vit: rgbPretraining.vit,
  pretraining: rgbPretraining,
  testPictures: 4000,
};

const smoke: Config = { ...small, coarse: "12", patchSizes: ["12", "6"], training: smokeTraining, vit: smokeVit, pretraining: smokePretraining, testPictures: 50 };

/**
 * Fine-tuned at 30 px (a grid of 8) on ImageNet-1k, deployed down to 10 px (a grid of 24).
 * Source: arXiv 2212.08013 section 5, "resource-efficient transfer"; the training is that of big_vision `configs/transfer.py`
 * for ImageNet.
 */
const paper: Config = {
  ...imageNet,
  coarse: "30",
  patchSizes: ["48", "40", "30", "24", "20", "16", "15", "12", "10"],
  training: {
    ...paperTraining,
    objective: "softmax",
    headBias: 0,
    mix: {},
    augment: undefined,
    batchSize: 512,
    accumulate: 8,
    steps: 20_000,
    optimizer: { kind: "sgd", learningRate: 0.03, momentum: 0.9 },
    schedule: { kind: "cosine", warmupSteps: 500 },
  },
  vit: paperVit,
};

export const configs = { small, frozen, related, "related-frozen": relatedFrozen, rgb, smoke, paper } as const satisfies Record<string, Config>;

/** Both fine-tuned models, each from its own pretrained weights. */
export function plansOf({ pretraining, coarse, training, vit, ...choice }: Config, seed: number, weights?: readonly string[]): Plan[] {
  const [flexible, fixed] = pretraining ? [pretrainedFlexible(pretraining, seed), pretrainedFixed(pretraining, coarse, seed)] : weightsOf(weights, "flexible", "fixed");
  const tuned = (name: string, from: Plan): Plan => planOf(name, choice, training, { vit, patchSizes: [coarse], seed, from });
  return [tuned("flexible", flexible), tuned(`fixed ${coarse}`, fixed)];
}
