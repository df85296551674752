import { noLogger } from "@flexivit/run-log";
import { disposeTree, mapLeaves, type ParamTree } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";
import type { TensorBatch } from "./losses.ts";
import { checkOptions, type TrainOptions } from "./options.ts";
import { latestCheckpoint, resumeState, saveState } from "./persist.ts";
import type { TrainState } from "./state.ts";
import { NonFiniteStep, trainStep } from "./step.ts";

export type TrainResult<P extends ParamTree> = {
  /** "stopped": the signal was aborted; train again with the same options to go on. */
  status: "finished" | "stopped";
  /** Steps done in all. */
  step: number;
  /** The last weights; the caller's. */
  params: P;
  /** Their moving average, where `emaDecay` asks for one; the caller's. */
  ema?: P;
  /** The newest checkpoint, where there are any. */
  checkpoint?: string;
};

/** A training under way: its state is replaced by every step. */
type Session<P extends ParamTree, B extends TensorBatch> = {
  readonly options: TrainOptions<P, B>;
  state: TrainState<P>;
  savedStep: number;
};

/**
 * Trains weights on a loss, at a patch scheme drawn per step, and resumes exactly where it was left.
 *
 * Scheme and batch of a step depend on (seed, step) alone. With `checkpoints`, the newest one in the folder is
 * continued; on the same engine and threads the result equals that of an unbroken run bit for bit.
 * The logger stays open: the caller finishes it.
 *
 * @throws where an option cannot work, or where loss or gradients stop being finite: the step and the last good
 *   checkpoint are named.
 */
export async function train<P extends ParamTree, B extends TensorBatch>(options: TrainOptions<P, B>): Promise<TrainResult<P>> {
  checkOptions(options);
  const state = (await resumeState<P, B>(options)) ?? freshState(options);
  const session: Session<P, B> = { options, state, savedStep: state.step };
  try {
    while (session.state.step < options.steps && !options.signal?.aborted) {
      await advance(session);
      await new Promise(setImmediate); // lets signals and timers in
    }
    await save(session);
  } catch (error) {
    const { params, ema, slots } = session.state;
    disposeTree(params, slots, ema);
    throw error instanceof NonFiniteStep ? await explained(error, session) : error;
  }
  const { params, ema, slots, step } = session.state;
  disposeTree(slots);
  const checkpoint = options.checkpoints && (await latestCheckpoint(options.checkpoints.folder));
  return { status: step < options.steps ? "stopped" : "finished", step, params, ema, checkpoint };
}

function freshState<P extends ParamTree, B extends TensorBatch>({ init, emaDecay }: TrainOptions<P, B>): TrainState<P> {
  const params = init();
  const ema = emaDecay ? mapLeaves(params, (leaf) => tf.clone(leaf)) : undefined;
  return { step: 0, params, ema, slots: {}, seconds: 0 };
}

/** One step, its rows in the log, and the evaluation and the checkpoint that are due after it. */
async function advance<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>): Promise<void> {
  const { options } = session;
  const logger = options.logger ?? noLogger;
  const started = performance.now();
  const { state, row, images } = await trainStep(session.state, options);
  const seconds = (performance.now() - started) / 1000;
  session.state = { ...state, seconds: state.seconds + seconds };
  const imagesPerSecond = images / seconds;
  logger.log({ ...row, imagesPerSecond }, state.step);
  const evaluation = await evaluateIfDue(session);
  if (evaluation) logger.log(evaluation, state.step);
  const { loss, patchSize } = row;
  options.onStep?.({ step: state.step, steps: options.steps, loss, patchSize, imagesPerSecond, evaluation });
  if (options.checkpoints && state.step % options.checkpoints.every === 0) await save(session);
}

/** Measures the averaged weights where there are any, else the weights themselves. */
async function evaluateIfDue<P extends ParamTree, B extends TensorBatch>({ options, state }: Session<P, B>): Promise<Record<string, number> | undefined> {
  const { evaluate, steps } = options;
  const due = evaluate && (state.step % evaluate.every === 0 || state.step === steps);
  return due ? evaluate.run(state.ema ?? state.params, state.step) : undefined;
}

async function save<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>): Promise<void> {
  if (session.savedStep === session.state.step) return;
  await saveState(session.state, session.options);
  session.savedStep = session.state.step;
}

async function explained<P extends ParamTree, B extends TensorBatch>({ message }: Error, { state, options }: Session<P, B>): Promise<Error> {
  const checkpoint = options.checkpoints && (await latestCheckpoint(options.checkpoints.folder));
  const goOn = checkpoint ? `The last good checkpoint is ${checkpoint}; go on from it` : "There is no checkpoint; start again";
  return new Error(
    `train(loss): expected a finite loss and gradient, got ${message} at step ${state.step + 1}. ` +
      `${goOn} with a lower learning rate, a longer warm-up or a smaller clipNorm.`,
  );
}
