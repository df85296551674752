import type { EvaluationFraming, Normalisation } from "@flexivit/data";
import { optimizerOf, scheduleAt, type Optimizer, type OptimizerConfig, type Schedule } from "@flexivit/optim";
import { formatScheme, gridOf, parseScheme, possibleSchemes, uniform, type Remainder, type SchemeDistribution } from "@flexivit/patch-schemes";
import type { VitConfig } from "@flexivit/vit";
import { checkResizes } from "./check-resizes.ts";
import type { StartingPoint } from "./starting-point.ts";

/** A schedule of learning rates without its length, which is that of the training. */
export type ScheduleShape = WithoutLength<Schedule>;
type WithoutLength<One> = One extends unknown ? Omit<One, "totalSteps"> : never;

/** The choices of a training that do not depend on what is learned. */
export type TrainingRecipe = {
  vit: VitConfig;
  /** Trained weights to start from, where training does not start from fresh ones. */
  from?: StartingPoint;
  /** Height and width of the training and test pictures. */
  imageSizePx: number;
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
  /** Paths of weights that stay as they are, such as "backbone" or "backbone/blocks/0". */
  freeze: string[];
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

/** What every recipe takes where nothing is said: the optimiser of big_vision's recipes, without averaging. */
export const trainingDefaults: Pick<TrainingRecipe, "remainder" | "freeze" | "recompute" | "accumulate" | "optimizer" | "clipNorm" | "emaDecay" | "seed"> = {
  remainder: "error",
  freeze: [],
  recompute: false,
  accumulate: 1,
  optimizer: { kind: "adamw", learningRate: 1e-3, weightDecay: 1e-4 },
  clipNorm: 1,
  emaDecay: 0,
  seed: 0,
};

/**
 * Refuses a recipe that could not be trained to its end, whatever is learned; errors name the function `where`.
 *
 * @throws where a patch size does not fit the pictures, the model cannot be resized, weights do not fit the sizes, the
 *   warm-up does not fit the steps, or a batch cannot be split into equal parts.
 */
export function checkTraining(recipe: TrainingRecipe, where: string): void {
  const { patchSizes, evaluatePatchSizes, imageSizePx, remainder, batchSize, accumulate } = recipe;
  checkPatchSizes([...patchSizes, ...evaluatePatchSizes], imageSizePx, remainder);
  const drawn = possibleSchemes(schemesOf(recipe), recipe.steps).map(formatScheme);
  const other = drawn.find((size) => !patchSizes.includes(size));
  if (other !== undefined) {
    throw new Error(`${where}(draw): expected draws from patch sizes ${patchSizes.join(", ")}, got ${other}. Add it to patchSizes.`);
  }
  checkResizes(recipe.vit);
  scheduleAt(scheduleOf(recipe), 0);
  optimizerFor(recipe);
  if (batchSize % accumulate !== 0) {
    throw new Error(`${where}(accumulate): expected equal parts of a batch of ${batchSize}, got ${accumulate} parts. Choose parts whose number divides the batch.`);
  }
}

/** Throws where a patch size is larger than the picture, or leaves pixels over that are not to be cropped. */
export function checkPatchSizes(patchSizes: readonly string[], imageSizePx: number, remainder: Remainder): void {
  for (const size of patchSizes) gridOf(parseScheme(size), imageSizePx, remainder);
}

/** The patch schemes that a recipe draws from. */
export function schemesOf({ patchSizes, draw }: Pick<TrainingRecipe, "patchSizes" | "draw">): SchemeDistribution {
  return draw ?? uniform(patchSizes);
}

/** The learning rate's course over a recipe's steps. */
export function scheduleOf({ steps, schedule }: Pick<TrainingRecipe, "steps" | "schedule">): Schedule {
  return { ...schedule, totalSteps: steps };
}

/** The optimiser of a recipe, which knows the layers of its model. */
export function optimizerFor({ optimizer, vit }: Pick<TrainingRecipe, "optimizer" | "vit">): Optimizer {
  return optimizerOf(optimizer, { depth: vit.depth });
}
