import { alone, exchange } from "@flexivit/parallel";
import { noLogger } from "@flexivit/run-log";
import { disposeTree, type ParamTree } from "@flexivit/params";
import { joinFigures } from "./evaluate.ts";
import type { TensorBatch } from "./losses.ts";
import { checkFreeze, checkOptions, type Figures, type TrainOptions } from "./options.ts";
import { CameApart, sumNumbers } from "./over-ranks.ts";
import { resumeState, saveState } from "./persist.ts";
import { disposeState, freshState, type TrainState } from "./state.ts";
import { NotFinite, requireFinite, requireOneModel, trainStep } from "./step.ts";

export type TrainResult<P extends ParamTree> = {
  /** "stopped": the signal was aborted; train again with the same options to go on. */
  status: "finished" | "stopped";
  /** Steps done in all. */
  step: number;
  /** The last weights; the caller's. */
  params: P;
  /** Their moving average, where `emaDecay` asks for one; the caller's. */
  ema?: P;
  /** Figures of the last evaluation that was made now. */
  evaluation?: Figures;
  /** The newest checkpoint, where there are any; of several ranks only rank 0 knows it. */
  checkpoint?: string;
};

/** A training under way: its state is replaced by every step. */
type Session<P extends ParamTree, B extends TensorBatch> = {
  readonly options: TrainOptions<P, B>;
  state: TrainState<P>;
  evaluation?: Figures;
  /** The state that is on disk, and its file. */
  saved?: { state: TrainState<P>; path?: string };
};

/**
 * Trains weights on a loss, at a patch scheme drawn per step, and resumes exactly where it was left.
 *
 * Scheme and batch of a step depend on (seed, step) alone. With `checkpoints`, the newest one in the folder is
 * continued; on the same engine and threads the result equals that of an unbroken run bit for bit.
 * The logger stays open: the caller finishes it.
 *
 * Of several ranks (`communicator`) every one calls this with the same options and gets the same weights. One that
 * throws leaves the others waiting: its caller ends them with `communicator.abort`.
 *
 * @throws where an option cannot work, or where loss, gradients or weights stop being finite: the step and the last
 *   good checkpoint are named.
 */
export async function train<P extends ParamTree, B extends TensorBatch>(options: TrainOptions<P, B>): Promise<TrainResult<P>> {
  checkOptions(options);
  const session = await begin(ofRank(options));
  try {
    checkFreeze(session.state.params, options.freeze);
    await requireOneModel(session.state, options.communicator ?? alone);
    await evaluateIfDue(session);
    while (session.state.step < options.steps && !(await isStopAsked(options))) {
      await advance(session);
      await new Promise(setImmediate); // lets signals and timers in
    }
    await saveTogether(session);
  } catch (error) {
    throw await closed(session, error);
  }
  const { params, ema, slots, step, evaluationDue } = session.state;
  disposeTree(slots);
  const status = step === options.steps && !evaluationDue ? "finished" : "stopped";
  return { status, step, params, ema, evaluation: session.evaluation, checkpoint: session.saved?.path };
}

/** The options as a rank follows them: rank 0 alone speaks. */
function ofRank<P extends ParamTree, B extends TensorBatch>(options: TrainOptions<P, B>): TrainOptions<P, B> {
  const { rank } = options.communicator ?? alone;
  return rank === 0 ? options : { ...options, logger: undefined, onStep: undefined, onEvaluation: undefined };
}

/** Whether any rank has been asked to stop: all of them stop after the same step. */
async function isStopAsked<P extends ParamTree, B extends TensorBatch>({ signal, communicator = alone }: TrainOptions<P, B>): Promise<boolean> {
  const { asked } = await sumNumbers({ asked: signal?.aborted ? 1 : 0 }, communicator);
  return asked > 0;
}

async function begin<P extends ParamTree, B extends TensorBatch>(options: TrainOptions<P, B>): Promise<Session<P, B>> {
  const resumed = await resumeState<P, B>(options);
  if (resumed) return { options, state: resumed.state, saved: resumed };
  return { options, state: freshState(await options.init(), options.emaDecay) };
}

/** One step, its row in the log, and the evaluation and the checkpoint that are due after it. */
async function advance<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>): Promise<void> {
  const { options } = session;
  const { steps, evaluate, checkpoints, logger = noLogger } = options;
  const started = performance.now();
  const { state, row, images } = await trainStep(session.state, options);
  const { step } = state;
  session.state = { ...state, evaluationDue: evaluate !== undefined && (step % evaluate.every === 0 || step === steps) };
  const imagesPerSecond = (1000 * images) / (performance.now() - started);
  logger.log({ ...row, imagesPerSecond }, step);
  options.onStep?.({ step, steps, loss: row.loss, patchSize: row.patchSize, imagesPerSecond });
  await evaluateIfDue(session);
  if (checkpoints && step % checkpoints.every === 0) await saveTogether(session);
}

/** Measures the averaged weights where there are any, else the weights themselves; left due where it is interrupted. */
async function evaluateIfDue<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>): Promise<void> {
  const { state, options } = session;
  const { logger = noLogger, onEvaluation, communicator = alone } = options;
  if (!state.evaluationDue) return;
  const shares = await exchange(communicator, await shareOfEvaluation(session));
  if (shares.some((share) => share === undefined)) return;
  session.evaluation = joinFigures(shares as Figures[]);
  session.state = { ...state, evaluationDue: false };
  logger.log(session.evaluation, state.step);
  logger.summary(session.evaluation);
  onEvaluation?.(session.evaluation, state.step);
}

/** What this rank measures, or nothing where it is interrupted. */
async function shareOfEvaluation<P extends ParamTree, B extends TensorBatch>({ state, options }: Session<P, B>): Promise<Figures | undefined> {
  const { evaluate, signal } = options;
  if (!evaluate || signal?.aborted) return undefined;
  try {
    return await evaluate.run(state.ema ?? state.params, state.step);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/** Rank 0 saves, once the ranks have found that they hold the same weights. */
async function saveTogether<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>): Promise<void> {
  await requireOneModel(session.state, session.options.communicator ?? alone);
  await save(session);
}

async function save<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>): Promise<void> {
  const { state, options, saved } = session;
  if (saved?.state === state || state.step === 0) return;
  await requireFinite(state);
  session.saved = { state, path: await saveState(state, options) };
}

/** Frees a session that failed, and gives the error to throw; what was trained is kept where it is sound. */
async function closed<P extends ParamTree, B extends TensorBatch>(session: Session<P, B>, error: unknown): Promise<unknown> {
  if (!(error instanceof NotFinite || error instanceof CameApart)) await save(session).catch(() => undefined); // the first error tells more
  disposeState(session.state);
  return error instanceof NotFinite ? explained(error, session) : error;
}

function explained<P extends ParamTree, B extends TensorBatch>({ message }: NotFinite, { saved }: Session<P, B>): Error {
  const goOn = saved?.path ? `The last good checkpoint is ${saved.path}: go on from it` : "There is no checkpoint yet: start again";
  return new Error(
    `train(loss): expected finite losses, gradients and weights, got ${message}. ` +
      `${goOn} with a lower learning rate, a longer warm-up or a smaller clipNorm.`,
  );
}
