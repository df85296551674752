import type { Smoothing } from "@flexivit/classify";
import type { Framing, MixOptions, RandAugment } from "@flexivit/data";
import { checkAuxiliary, type Auxiliary } from "./classifier-loss.ts";
import type { Teacher } from "./teacher-objective.ts";
import type { Objective } from "./task.ts";
import { checkPatchSizes, checkTraining, trainingDefaults, type TrainingRecipe } from "./training-recipe.ts";

/** All choices of one training of a classifier, as plain data: it is logged with the run, and a resumed run must match it. */
export type ClassifierRecipe = TrainingRecipe & {
  /** Heights and widths that the training pictures of one step have, equally many of each; `imageSizePx` unless given. */
  imageSizesPx?: number[];
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
  /** How training pictures are cut, with or without random variations. */
  trainFraming: Framing;
};

const { remainder, freeze, recompute, ...optimisation } = trainingDefaults;

/** What a recipe takes where nothing is said: the optimiser of big_vision's recipes, without mixing or averaging. */
export const recipeDefaults: Pick<
  ClassifierRecipe,
  keyof typeof trainingDefaults | "objective" | "headBias" | "labelSmoothing" | "mix" | "trainFraming" | "testFraming"
> = {
  remainder, // the order of the fields is part of the JSON by which experiments know their runs
  objective: "softmax",
  headBias: 0,
  labelSmoothing: { share: 0 },
  mix: {},
  freeze,
  recompute,
  trainFraming: { kind: "inception-crop" },
  testFraming: { kind: "shorter-side", cropFraction: 0.95 },
  ...optimisation,
};

/**
 * Refuses a recipe that could not be trained to its end, before anything is written.
 *
 * @throws where a patch size does not fit the pictures, the model cannot be resized, weights do not fit the sizes, the
 *   warm-up does not fit the steps, or a batch cannot be split into equal parts.
 */
export function checkRecipe(recipe: ClassifierRecipe): void {
  const { patchSizes, imageSizePx, imageSizesPx = [imageSizePx], remainder, batchSize, accumulate } = recipe;
  checkTraining(recipe, "checkRecipe");
  for (const size of imageSizesPx) checkPatchSizes(patchSizes, size, remainder);
  if (recipe.auxiliary) checkAuxiliary(recipe.auxiliary, recipe.vit, imageSizesPx.length);
  if ((batchSize / accumulate) % imageSizesPx.length !== 0) {
    throw new Error(
      `checkRecipe(imageSizesPx): expected a number of sizes that divides the ${batchSize / accumulate} pictures of a part, got ${imageSizesPx.length} sizes. Change the batch size.`,
    );
  }
}
