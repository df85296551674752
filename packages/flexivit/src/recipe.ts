import type { ClassificationObjective } from "@flexivit/classify";
import type { EvaluationFraming, TrainingFraming } from "@flexivit/data";
import type { VitConfig } from "@flexivit/vit";

/** All choices of one training of a classifier, as plain data: it is logged with the run, and a resumed run must match it. */
export type ClassifierRecipe = {
  vit: VitConfig;
  /** Height and width of the training and test pictures. */
  imageSizePx: number;
  /** Patch sizes drawn from while training, as "12" or "12x10". One entry trains a fixed model. */
  patchSizes: string[];
  /** Probability of each patch size, not necessarily normalised; equal unless given. */
  patchWeights?: number[];
  /** Patch sizes that evaluation visits. */
  evaluatePatchSizes: string[];
  objective: ClassificationObjective;
  /** First bias of the head. */
  headBias: number;
  labelSmoothing: number;
  /** Parameter of the Beta distribution of mixup; 0 mixes nothing. */
  mixup: number;
  /** How training pictures are cut, with their random variations. */
  trainFraming: TrainingFraming;
  /** How test pictures are cut; it travels with the trained model. */
  testFraming: EvaluationFraming;
  batchSize: number;
  /** Parts that a batch is split into, to save memory; the update is that of the whole batch. */
  accumulate: number;
  steps: number;
  learningRate: number;
  warmupSteps: number;
  /** Decoupled decay of the kernels, multiplied by the schedule but not by the learning rate (big_vision). */
  weightDecay: number;
  /** Largest global norm of the gradients. */
  clipNorm: number;
  /** Decay of the moving average of the weights; 0 keeps none. */
  emaDecay: number;
  evaluateEvery: number;
  checkpointEvery: number;
  seed: number;
};

/** What a recipe takes where nothing is said: the optimiser of big_vision's recipes, without mixing or averaging. */
export const recipeDefaults: Pick<
  ClassifierRecipe,
  | "objective"
  | "headBias"
  | "labelSmoothing"
  | "mixup"
  | "trainFraming"
  | "testFraming"
  | "accumulate"
  | "learningRate"
  | "weightDecay"
  | "clipNorm"
  | "emaDecay"
  | "seed"
> = {
  objective: "softmax",
  headBias: 0,
  labelSmoothing: 0,
  mixup: 0,
  trainFraming: { kind: "inception-crop" },
  testFraming: { kind: "shorter-side", cropFraction: 0.95 },
  accumulate: 1,
  learningRate: 1e-3,
  weightDecay: 1e-4,
  clipNorm: 1,
  emaDecay: 0,
  seed: 0,
};
