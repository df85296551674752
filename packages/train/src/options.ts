import type { Optimizer, Schedule } from "@flexivit/optim";
import type { Communicator } from "@flexivit/parallel";
import type { SchemeDistribution } from "@flexivit/patch-schemes";
import { leaves, type ParamTree, type PathFilter } from "@flexivit/params";
import type { Logger } from "@flexivit/run-log";
import type { LossFunction, TensorBatch } from "./losses.ts";

/** What is shown while training runs. */
export type StepReport = {
  /** Steps done, and how many there are. */
  step: number;
  steps: number;
  loss: number;
  /** Patch size of the step, such as "12" or "12x10". */
  patchSize: string;
  imagesPerSecond: number;
};

/** Figures by name, such as `{ "accuracy/12": 0.9 }`. */
export type Figures = Record<string, number>;

export type TrainOptions<P extends ParamTree, B extends TensorBatch> = {
  /** First weights; called only where there is nothing to resume. */
  init: () => P | Promise<P>;
  loss: LossFunction<P, B>;
  /** Part `part` of the batch of a step, a pure function of both. Its tensors become the trainer's. */
  batch: (step: number, part: number) => Promise<B>;
  /** Patch schemes to draw from, one per step for the whole batch. */
  schemes: SchemeDistribution;
  optimizer: Optimizer;
  /** Factor on the learning rate of each step. */
  schedule: Schedule;
  steps: number;
  seed: number;
  /**
   * Whether the leaf at a path stays as it is, such as `under("backbone")`; none does unless given. What is frozen has
   * no gradient, costs no backward pass and has nothing in the optimiser.
   */
  freeze?: PathFilter;
  /** Largest global norm of the gradients; without it nothing is clipped. */
  clipNorm?: number;
  /** Decay per step of the moving average of the weights, in [0, 1); 0 or absent keeps no average. */
  emaDecay?: number;
  /** Equal parts that a batch is split into; gradients are averaged over them. 1 unless given. */
  accumulate?: number;
  /**
   * Ranks that train together, each with the same options. They share out the parts of every batch, so that there must
   * be as many; all take the same steps. Rank 0 alone logs, reports and saves, in a folder that all ranks can read.
   */
  communicator?: Communicator;
  /**
   * Measures the weights (their average, where there is one) every so many steps and after the last one.
   * A long measurement may throw the reason of `signal` once that is aborted: it is made up for on resume.
   * Each rank's `run` is called: where it gives a share of the figures, as `atEveryScheme` does, they are joined.
   */
  evaluate?: { every: number; run: (params: P, step: number) => Promise<Figures> };
  /** A state every so many steps and at the end; the newest `keep` stay, 2 unless given. */
  checkpoints?: { folder: string; every: number; keep?: number };
  logger?: Logger;
  onStep?: (report: StepReport) => void;
  onEvaluation?: (figures: Figures, step: number) => void;
  /** Aborting it stops after the current step, with a checkpoint. */
  signal?: AbortSignal;
};

/** Refuses options that could not train. */
export function checkOptions<P extends ParamTree, B extends TensorBatch>(options: TrainOptions<P, B>): void {
  const { steps, accumulate, evaluate, checkpoints } = options;
  const counts = { steps, accumulate, "evaluate.every": evaluate?.every, "checkpoints.every": checkpoints?.every, "checkpoints.keep": checkpoints?.keep };
  for (const [name, value] of Object.entries(counts)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      throw new Error(`train(${name}): expected a whole number of at least 1, got ${value}. Set ${name} to a positive whole number.`);
    }
  }
  const { emaDecay = 0, clipNorm = 1, communicator } = options;
  if (communicator && communicator.size > (accumulate ?? 1)) {
    throw new Error(`train(accumulate): expected at least ${communicator.size} parts of a batch, one for each rank, got ${accumulate ?? 1}. Split a batch into more parts.`);
  }
  if (!(emaDecay >= 0 && emaDecay < 1)) {
    throw new Error(`train(emaDecay): expected a number from 0 up to, not including, 1, got ${emaDecay}. Try 0.999, or 0 for no average.`);
  }
  if (!(clipNorm > 0)) {
    throw new Error(`train(clipNorm): expected a positive number, got ${clipNorm}. Try 1, or leave it out to clip nothing.`);
  }
}

/** Refuses to train where every leaf is frozen. */
export function checkFreeze(params: ParamTree, freeze: PathFilter = () => false): void {
  const paths = leaves(params).map(({ path }) => path);
  if (!paths.every(freeze)) return;
  throw new Error(`train(freeze): expected a leaf to train, got all ${paths.length} frozen. Leave one out, such as "${paths.at(-1)}".`);
}
