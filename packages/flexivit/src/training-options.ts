import { under, type ParamTree } from "@flexivit/params";
import type { Communicator } from "@flexivit/parallel";
import { parseScheme, type PatchScheme } from "@flexivit/patch-schemes";
import type { LocalRun } from "@flexivit/run-log";
import { atEveryScheme, type Figures, type StepReport, type TensorBatch, type TrainOptions } from "@flexivit/train";
import { optimizerFor, scheduleOf, schemesOf, type TrainingRecipe } from "./training-recipe.ts";

/** What a training needs beside its recipe and its pictures. */
export type RunContext = {
  /** The open run folder: rows, checkpoints and the trained model go there. The caller finishes it. */
  run: LocalRun;
  onStep?: (report: StepReport) => void;
  /** Told the figures of each evaluation, such as `{ "accuracy/12": 0.9 }`. */
  onEvaluation?: (figures: Figures, step: number) => void;
  /** Aborting it stops after the current step, with a checkpoint. */
  signal?: AbortSignal;
  /** Ranks that train together, each with the same recipe; rank 0 alone writes to the run folder. */
  communicator?: Communicator;
};

/** The options of `train` that a recipe settles, whatever is learned; `measure` gives the figures of weights at one scheme. */
export function trainingOptions<P extends ParamTree>(
  recipe: TrainingRecipe,
  { run, onStep, onEvaluation, signal, communicator }: RunContext,
  measure: (params: P, scheme: PatchScheme) => Promise<Figures>,
): Omit<TrainOptions<P, TensorBatch>, "init" | "loss" | "batch"> {
  const { seed, steps, clipNorm, emaDecay, accumulate, freeze, evaluateEvery, checkpointEvery } = recipe;
  const evaluated = recipe.evaluatePatchSizes.map(parseScheme);
  return {
    schemes: schemesOf(recipe),
    optimizer: optimizerFor(recipe),
    schedule: scheduleOf(recipe),
    steps,
    seed,
    clipNorm,
    emaDecay,
    accumulate,
    communicator,
    freeze: freeze.length > 0 ? under(...freeze) : undefined,
    evaluate: { every: evaluateEvery, run: (params) => atEveryScheme(evaluated, (scheme) => measure(params, scheme), communicator) },
    checkpoints: { folder: run.checkpoints, every: checkpointEvery },
    logger: run,
    onStep,
    onEvaluation,
    signal,
  };
}
