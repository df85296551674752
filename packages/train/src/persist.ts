import { latestTrainingState, loadTrainingState, saveTrainingState } from "@flexivit/checkpoint/training-state";
import { alone, exchange } from "@flexivit/parallel";
import { disposeTree, type ParamTree } from "@flexivit/params";
import { sha256Of } from "@flexivit/run-log";
import type { TensorBatch } from "./losses.ts";
import type { TrainOptions } from "./options.ts";
import { withAverage, type TrainState } from "./state.ts";

/**
 * Writes the state to the folder of checkpoints, whole or not at all, and tells the logger where it lies and the hash of the
 * file; without a folder, and on ranks above 0, it does nothing.
 */
export async function saveState<P extends ParamTree, B extends TensorBatch>(state: TrainState<P>, options: TrainOptions<P, B>): Promise<string | undefined> {
  const { checkpoints, logger, seed, communicator = alone } = options;
  if (!checkpoints || communicator.rank > 0) return undefined;
  const { step, params, ema, slots, evaluationDue } = state;
  const trees = { params, slots, ...(ema ? { ema } : {}) };
  const path = await saveTrainingState(checkpoints.folder, { step, trees, metadata: { seed, evaluationDue } }, { keep: checkpoints.keep });
  if (logger?.artifact) logger.artifact({ kind: "checkpoint", path, step, sha256: await sha256Of(path) });
  return path;
}

/**
 * The newest whole state of the folder and its file, or nothing; tells the logger after which step the run goes on.
 *
 * @throws where the state is of another seed, or beyond the steps asked for
 */
export async function resumeState<P extends ParamTree, B extends TensorBatch>(
  options: TrainOptions<P, B>,
): Promise<{ state: TrainState<P>; path: string } | undefined> {
  const { checkpoints, logger, emaDecay } = options;
  const latest = checkpoints && (await latestOfAll(checkpoints.folder, options.communicator));
  if (!latest) {
    logger?.resumeFrom?.(0);
    return undefined;
  }
  for (const { path, reason } of latest.refused) process.emitWarning(`passed over the checkpoint ${path}: ${reason}`);
  const { path } = latest;
  const { step, trees, metadata } = await loadTrainingState(path);
  try {
    refuseOther(step, metadata["seed"], path, options);
    logger?.resumeFrom?.(step);
  } catch (error) {
    disposeTree(trees);
    throw error;
  }
  const state = { step, params: trees["params"] as P, ema: trees["ema"] as P | undefined, slots: trees["slots"] };
  return { state: withAverage({ ...state, evaluationDue: metadata["evaluationDue"] === true }, emaDecay), path };
}

/** What rank 0 finds: ranks that start a moment later must not see another state. */
async function latestOfAll(folder: string, communicator = alone): ReturnType<typeof latestTrainingState> {
  const found = communicator.rank === 0 ? await latestTrainingState(folder) : undefined;
  return (await exchange(communicator, found))[0];
}

function refuseOther(step: number, trainedWith: unknown, path: string, { seed, steps }: { seed: number; steps: number }): void {
  if (trainedWith !== seed) {
    throw new Error(`train(seed): expected ${String(trainedWith)}, with which ${path} was trained, got ${seed}. Resume with that seed, or train in another folder.`);
  }
  if (step > steps) {
    throw new Error(`train(steps): expected at least ${step}, the steps that ${path} has behind it, got ${steps}. Ask for more steps, or train in another folder.`);
  }
}
