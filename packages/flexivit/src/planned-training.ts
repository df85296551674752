import { vitStoredAt } from "@flexivit/checkpoint";
import { normalisations } from "@flexivit/data";
import type { OptimizerConfig } from "@flexivit/optim";
import type { VitConfig } from "@flexivit/vit";
import type { TrainFlags } from "./commands/train-flags.ts";
import { storedSizesOf } from "./commands/trait-flags.ts";
import type { ClassifierInfo } from "./model.ts";
import { modelOf } from "./model-flags.ts";
import { drawOf } from "./scheme-draw.ts";
import type { Start, TrainPlan } from "./train-plan.ts";
import { trainingDefaults, type TrainingRecipe } from "./training-recipe.ts";

/** The part of a recipe that is the same whatever is learned, once the training pictures are known. */
export function plannedTraining(flags: TrainFlags, plan: TrainPlan, training: { size: number; channels: number }): Omit<TrainingRecipe, "testFraming"> {
  const { remainder, batchSize, accumulate = 1, clipNorm, seed } = flags;
  const { imageSizePx, patchSizes, epochs, start } = plan;
  const vit = start ? startedVit(flags, start) : modelOf(flags, plan, training.channels);
  const draw = plan.draw ?? drawOf(flags, { patchSizes, imageSizePx, vit });
  const steps = flags.steps ?? Math.max(1, Math.round((epochs * training.size) / batchSize));
  const tenth = Math.max(1, Math.round(steps / 10));
  return {
    vit,
    ...(start ? { from: start.from } : {}),
    imageSizePx,
    recompute: flags.recompute ?? false,
    patchSizes,
    ...(draw ? { draw } : {}),
    evaluatePatchSizes: patchSizes,
    remainder,
    freeze: flags.freeze ?? [],
    ...normalisationOf(flags, start?.info),
    batchSize,
    accumulate,
    steps,
    optimizer: optimizerFrom(flags),
    schedule: { kind: flags.schedule, warmupSteps: flags.warmupSteps ?? Math.min(steps - 1, Math.round(steps / 20)) },
    clipNorm,
    emaDecay: flags.ema,
    evaluateEvery: flags.evaluateEvery ?? tenth,
    checkpointEvery: flags.checkpointEvery ?? tenth,
    seed,
  };
}

/** The model that the training starts from, stored at the sizes that the flags name. */
function startedVit(flags: TrainFlags, { info: { vit } }: Start): VitConfig {
  return flags.storePatchSize || flags.storeGrid ? vitStoredAt(vit, storedSizesOf(flags)) : vit;
}

/** How pixels are scaled: as the flag says, else as the model to start from has them. */
function normalisationOf({ normalisation: name }: TrainFlags, start?: ClassifierInfo): Pick<TrainingRecipe, "normalisation"> {
  const normalisation = name === undefined ? start?.normalisation : normalisations[name];
  return normalisation && name !== "half" ? { normalisation } : {};
}

/** The optimiser that the flags ask for; settings that nobody gave are left to its own defaults. */
function optimizerFrom(flags: TrainFlags): OptimizerConfig {
  const { optimizer: kind, learningRate, weightDecay, b2, momentum, layerDecay } = flags;
  const given = Object.entries({ weightDecay, b2, momentum, layerDecay }).filter(([, value]) => value !== undefined);
  const config = { kind, learningRate, ...Object.fromEntries(given) } as OptimizerConfig;
  return kind === "adamw" ? ({ ...trainingDefaults.optimizer, ...config } as OptimizerConfig) : config;
}
