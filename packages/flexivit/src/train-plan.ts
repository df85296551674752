import type { EvaluationFraming, MixOptions, TrainingFraming } from "@flexivit/data";
import { formatScheme, possibleSchemes, schemesFor, type SchemeDistribution } from "@flexivit/patch-schemes";
import type { VitVariant } from "@flexivit/vit";
import type { TrainFlags } from "./commands/train-flags.ts";
import { isPackaged, type DataSets } from "./open-data.ts";
import { refuseModelFlags } from "./model-flags.ts";
import type { ClassifierInfo } from "./model.ts";
import { plannedTraining } from "./planned-training.ts";
import { startingPointOf, type StartingPoint } from "./starting-point.ts";
import { readDraw } from "./scheme-draw.ts";
import { objectivesOf, type Objective, type Task } from "./task.ts";
import { checkPatchSizes } from "./training-recipe.ts";
import { recipeDefaults, type ClassifierRecipe } from "./recipe.ts";

/** A trained model to start from, as `startingPointOf` gives it. */
export type Start = { from: StartingPoint; info: ClassifierInfo };

/** What of a training is known before its data is opened. */
export type TrainPlan = { variant: VitVariant; imageSizePx: number; patchSizes: string[]; epochs: number; start?: Start; draw?: SchemeDistribution };

/** Height and width of the pictures of packaged sets. */
const packagedSidePx = 28;

/** Defaults: the paper's for folders of photographs, and what a laptop trains in minutes for the packaged sets. */
const folderDefaults = { variant: "S", imageSizePx: 240, epochs: 90, minTokens: 25, maxTokens: 900 } as const;
/** Passes over the pictures that a trained model is given. */
const fineTuningEpochs = 10;
const packagedDefaults = { variant: "mu", imageSizePx: 24, epochs: 5, minTokens: 4, maxTokens: 64 } as const;

/**
 * Fills in the defaults that depend on the data's name, or on the trained model to start from.
 *
 * @throws where a patch size does not fit the pictures, or none does, or flags would change the model that is given.
 */
export function planOf(flags: TrainFlags, start?: Start): TrainPlan {
  if (start) refuseModelFlags(flags);
  if (flags.steps !== undefined && flags.epochs !== undefined) {
    throw new Error("train(--epochs): expected one of --epochs and --steps, got both. Leave out one of the two.");
  }
  const defaults = defaultsFor(flags.data);
  const { variant = defaults.variant, epochs = start ? fineTuningEpochs : defaults.epochs } = flags;
  const { imageSize: imageSizePx = start?.info.imageSizePx ?? defaults.imageSizePx } = flags;
  const draw = flags.schemes === undefined ? undefined : readDraw(flags);
  const given = draw ? possibleSchemes(draw).map(formatScheme) : patchSizesOf(flags);
  const patchSizes = given ?? start?.info.patchSizes ?? usualPatchSizes(flags.data, imageSizePx);
  checkPatchSizes(patchSizes, imageSizePx, flags.remainder);
  return { variant, imageSizePx, patchSizes, epochs, start, draw };
}

function defaultsFor(data: string): typeof folderDefaults | typeof packagedDefaults {
  return isPackaged(data) ? packagedDefaults : folderDefaults;
}

/** Height and width at which a model sees pictures, where nothing else is said. */
export function usualImageSize(data: string): number {
  return defaultsFor(data).imageSizePx;
}

/** The square patch sizes of a training, where nothing else is said; throws where there is none. */
export function usualPatchSizes(data: string, imageSizePx: number): string[] {
  const { minTokens, maxTokens, imageSizePx: usual } = defaultsFor(data);
  const sizes = schemesFor(imageSizePx, { minTokens, maxTokens }).map(formatScheme);
  if (sizes.length > 0) return sizes;
  throw new Error(`train(--image-size): expected a size that square patches divide into ${minTokens} to ${maxTokens}, got ${imageSizePx}. Give --patch-sizes, or a size such as ${usual}.`);
}

/** `--patch-size 30` is `--patch-sizes 30`. */
function patchSizesOf({ patchSize, patchSizes }: TrainFlags): string[] | undefined {
  if (patchSize === undefined || patchSizes === undefined) return patchSize === undefined ? patchSizes : [patchSize];
  throw new Error(`train(--patch-size): expected one of --patch-size and --patch-sizes, got both. List every size in --patch-sizes.`);
}

/** The recipe of a training, once the data is known. */
export function recipeOf(flags: TrainFlags, plan: TrainPlan, { name, training, task }: Pick<DataSets, "name" | "training" | "task">): ClassifierRecipe {
  return {
    ...recipeDefaults,
    ...framingsOf(name, plan.imageSizePx, flags.flip),
    ...plannedTraining(flags, plan, training),
    ...(flags.imageSizes ? { imageSizesPx: flags.imageSizes } : {}),
    objective: objectiveFor(flags, task),
    labelSmoothing: { share: flags.labelSmoothing, ...(flags.smoothingAmong ? { among: flags.smoothingAmong } : {}) },
    ...auxiliaryOf(flags),
    mix: mixOf(flags),
    ...(flags.randAugment ? { augment: { kind: "rand-augment", ...flags.randAugment } } : {}),
  };
}

/** The loss that is asked for, or the task's own. */
function objectiveFor({ objective }: TrainFlags, task: Task): Objective {
  const possible = objectivesOf[task];
  if (objective === undefined || possible.includes(objective)) return objective ?? possible[0];
  throw new Error(`train(--objective): expected one of ${possible.join(", ")} for ${task} data, got ${objective}. Leave it out for ${possible[0]}.`);
}

/**
 * The teacher that the flags name, with its own patch and image size where they say no other.
 *
 * @throws where its file is missing or no classifier, or flags speak of a teacher and there is none.
 */
export async function teacherOf(flags: TrainFlags): Promise<Pick<ClassifierRecipe, "teacher">> {
  const { teacher: file, teacherPatchSize, teacherImageSize, distance: kind, temperature } = flags;
  if (file === undefined) {
    const lonely = Object.entries({ "--teacher-patch-size": teacherPatchSize, "--teacher-image-size": teacherImageSize, "--distance": kind, "--temperature": temperature });
    const given = lonely.find(([, value]) => value !== undefined);
    if (given) throw new Error(`train(${given[0]}): expected --teacher beside it, got none. Name the teacher's file.`);
    return {};
  }
  if (temperature !== undefined && (kind ?? "kl") !== "kl") {
    throw new Error(`train(--temperature): expected --distance kl with it, got ${kind}. Leave out one of the two.`);
  }
  const { from, info } = await startingPointOf(file);
  const distance = { kind: kind ?? "kl", ...(temperature !== undefined && { temperature }) };
  return { teacher: { ...from, patchSize: teacherPatchSize ?? info.patchSizes[0], imageSizePx: teacherImageSize ?? info.imageSizePx, distance } };
}

function auxiliaryOf({ auxiliaryBlock: block, auxiliaryWeight: weight = 0.3 }: TrainFlags): Pick<ClassifierRecipe, "auxiliary"> {
  return block === undefined ? {} : { auxiliary: { block, weight } };
}

function mixOf({ mixup, cutmix }: TrainFlags): MixOptions {
  return { ...(mixup > 0 ? { mixup: { alpha: mixup } } : {}), ...(cutmix > 0 ? { cutmix: { alpha: cutmix } } : {}) };
}

/** Photographs are cut as the paper does; small grey pictures are shifted where there are pixels to spare, digits never mirrored. */
export function framingsOf(data: string, imageSizePx: number, wantsFlip: boolean): { trainFraming: TrainingFraming; testFraming: EvaluationFraming } {
  const { testFraming } = recipeDefaults;
  const flip = wantsFlip && data !== "mnist";
  if (!isPackaged(data)) return { trainFraming: { kind: "inception-crop", flip }, testFraming };
  if (imageSizePx <= packagedSidePx) return { trainFraming: { kind: "pad-crop", flip }, testFraming: { kind: "centre-crop" } };
  return { trainFraming: { kind: "inception-crop", area: [0.5, 1], flip }, testFraming: { kind: "squash" } };
}
