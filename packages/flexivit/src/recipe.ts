import type { Smoothing } from "@flexivit/classify";
import type { EvaluationFraming, Framing, MixOptions, Normalisation, RandAugment } from "@flexivit/data";
import { optimizerOf, scheduleAt, type Optimizer, type OptimizerConfig, type Schedule } from "@flexivit/optim";
import { formatScheme, gridOf, parseScheme, possibleSchemes, uniform, type Remainder, type SchemeDistribution } from "@flexivit/patch-schemes";
import type { VitConfig } from "@flexivit/vit";
import { checkResizes } from "./check-resizes.ts";
import { checkAuxiliary, type Auxiliary } from "./classifier-loss.ts";
import type { Teacher } from "./teacher-objective.ts";
import type { StartingPoint } from "./starting-point.ts";
import type { Objective } from "./task.ts";

/** A schedule of learning rates without its length, which is that of the training. */
export type ScheduleShape = WithoutLength<Schedule>;
type WithoutLength<One> = One extends unknown ? Omit<One, "totalSteps"> : never;

/** All choices of one training of a classifier, as plain data: it is logged with the run, and a resumed run must match it. */
export type ClassifierRecipe = {
  vit: VitConfig;
  /** Trained weights to start from, where training does not start from fresh ones. */
  from?: StartingPoint;
  /** Height and width of the training and test pictures. */
  imageSizePx: number;
  /** Heights and widths that the training pictures of one step have, equally many of each; `imageSizePx` unless given. */
  imageSizesPx?: number[];
  /** Whether blocks run again in the backward pass in place of keeping what they computed: less memory, more time. */
  recompute: boolean;
  /** Patch sizes drawn from while training, as "12", "12x10", or with a stride "12/6". One entry trains a fixed model. */
  patchSizes: string[];
  /** How they are drawn; all alike unless given. It draws from `patchSizes` and nothing else. */
  draw?: SchemeDistribution;
  /** Patch sizes that evaluation visits. */
  evaluatePatchSizes: string[];
  /** Pixels that whole patches leave over. */
  remainder: Remainder;
  /** What is minimised: cross-entropies for classes, differences for numbers. */
  objective: Objective;
  /** First bias of the head. */
  headBias: number;
  /** A trained model whose answers take the place of labels. */
  teacher?: Teacher;
  /** A second head with a loss of its own; none unless given. */
  auxiliary?: Auxiliary;
  /** Share of every target that is spread over the classes, and over which. */
  labelSmoothing: Smoothing;
  /** How pictures of a batch are mixed; nothing is mixed unless given. */
  mix: MixOptions;
  /** Random changes of colour and shape; none unless given. */
  augment?: RandAugment;
  /** Paths of weights that stay as they are, such as "backbone" or "backbone/blocks/0". */
  freeze: string[];
  /** How training pictures are cut, with or without random variations. */
  trainFraming: Framing;
  /** How test pictures are cut; it travels with the trained model. */
  testFraming: EvaluationFraming;
  /** How pixels are scaled; to [-1, 1] unless given. It travels with the trained model. */
  normalisation?: Normalisation;
  batchSize: number;
  /** Parts that a batch is split into, to save memory; the update is that of the whole batch, but mixup stays within a part. */
  accumulate: number;
  steps: number;
  /** The optimiser and its settings; weight decay is that of the kernels unless they say otherwise. */
  optimizer: OptimizerConfig;
  /** The course of the learning rate over the steps. */
  schedule: ScheduleShape;
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
  | "remainder"
  | "objective"
  | "headBias"
  | "labelSmoothing"
  | "mix"
  | "freeze"
  | "recompute"
  | "trainFraming"
  | "testFraming"
  | "accumulate"
  | "optimizer"
  | "clipNorm"
  | "emaDecay"
  | "seed"
> = {
  remainder: "error",
  objective: "softmax",
  headBias: 0,
  labelSmoothing: { share: 0 },
  mix: {},
  freeze: [],
  recompute: false,
  trainFraming: { kind: "inception-crop" },
  testFraming: { kind: "shorter-side", cropFraction: 0.95 },
  accumulate: 1,
  optimizer: { kind: "adamw", learningRate: 1e-3, weightDecay: 1e-4 },
  clipNorm: 1,
  emaDecay: 0,
  seed: 0,
};

/**
 * Refuses a recipe that could not be trained to its end, before anything is written.
 *
 * @throws where a patch size does not fit the pictures, the model cannot be resized, weights do not fit the sizes, the
 *   warm-up does not fit the steps, or a batch cannot be split into equal parts.
 */
export function checkRecipe(recipe: ClassifierRecipe): void {
  const { patchSizes, evaluatePatchSizes, imageSizePx, imageSizesPx = [imageSizePx], remainder, batchSize, accumulate } = recipe;
  checkPatchSizes([...patchSizes, ...evaluatePatchSizes], imageSizePx, remainder);
  for (const size of imageSizesPx) checkPatchSizes(patchSizes, size, remainder);
  const drawn = possibleSchemes(schemesOf(recipe), recipe.steps).map(formatScheme);
  const other = drawn.find((size) => !patchSizes.includes(size));
  if (other !== undefined) {
    throw new Error(`checkRecipe(draw): expected draws from patch sizes ${patchSizes.join(", ")}, got ${other}. Add it to patchSizes.`);
  }
  checkResizes(recipe.vit);
  scheduleAt(scheduleOf(recipe), 0);
  optimizerFor(recipe);
  if (recipe.auxiliary) checkAuxiliary(recipe.auxiliary, recipe.vit, imageSizesPx.length);
  if (batchSize % accumulate !== 0) {
    throw new Error(`checkRecipe(accumulate): expected equal parts of a batch of ${batchSize}, got ${accumulate} parts. Choose parts whose number divides the batch.`);
  }
  if ((batchSize / accumulate) % imageSizesPx.length !== 0) {
    throw new Error(
      `checkRecipe(imageSizesPx): expected a number of sizes that divides the ${batchSize / accumulate} pictures of a part, got ${imageSizesPx.length} sizes. Change the batch size.`,
    );
  }
}

/** Throws where a patch size is larger than the picture, or leaves pixels over that are not to be cropped. */
export function checkPatchSizes(patchSizes: readonly string[], imageSizePx: number, remainder: Remainder): void {
  for (const size of patchSizes) gridOf(parseScheme(size), imageSizePx, remainder);
}

/** The patch schemes that a recipe draws from. */
export function schemesOf({ patchSizes, draw }: Pick<ClassifierRecipe, "patchSizes" | "draw">): SchemeDistribution {
  return draw ?? uniform(patchSizes);
}

/** The learning rate's course over a recipe's steps. */
export function scheduleOf({ steps, schedule }: Pick<ClassifierRecipe, "steps" | "schedule">): Schedule {
  return { ...schedule, totalSteps: steps };
}

/** The optimiser of a recipe, which knows the layers of its model. */
export function optimizerFor({ optimizer, vit }: Pick<ClassifierRecipe, "optimizer" | "vit">): Optimizer {
  return optimizerOf(optimizer, { depth: vit.depth });
}
