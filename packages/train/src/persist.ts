import { latestTrainingState, loadTrainingState, saveTrainingState } from "@flexivit/checkpoint/training-state";
import { disposeTree, type ParamTree } from "@flexivit/params";
import type { TensorBatch } from "./losses.ts";
import type { TrainOptions } from "./options.ts";
import type { TrainState } from "./state.ts";

/** Writes the state to the folder of checkpoints, whole or not at all; without a folder it does nothing. */
export async function saveState<P extends ParamTree, B extends TensorBatch>(state: TrainState<P>, options: TrainOptions<P, B>): Promise<void> {
  const { checkpoints, logger, seed } = options;
  if (!checkpoints) return;
  const { step, params, ema, slots, seconds } = state;
  const trees = { params, slots, ...(ema ? { ema } : {}) };
  const path = await saveTrainingState(checkpoints.folder, { step, trees, metadata: { seed, seconds } }, { keep: checkpoints.keep });
  logger?.artifact?.({ kind: "checkpoint", path, step });
}

/** The newest whole state of the folder, or nothing; tells the logger after which step the run goes on. */
export async function resumeState<P extends ParamTree, B extends TensorBatch>(options: TrainOptions<P, B>): Promise<TrainState<P> | undefined> {
  const { checkpoints, logger, seed } = options;
  const latest = checkpoints && (await latestTrainingState(checkpoints.folder));
  logger?.resumeFrom?.(latest?.step ?? 0);
  if (!latest) return undefined;
  for (const { path, reason } of latest.refused) process.emitWarning(`passed over the checkpoint ${path}: ${reason}`);
  const { step, trees, metadata } = await loadTrainingState(latest.path);
  if (metadata["seed"] !== seed) {
    disposeTree(trees);
    throw new Error(`train(seed): expected ${String(metadata["seed"])}, with which ${latest.path} was trained, got ${seed}. Resume with that seed, or train in another folder.`);
  }
  return {
    step,
    params: trees["params"] as P,
    ema: trees["ema"] as P | undefined,
    slots: trees["slots"] ?? {},
    seconds: Number(metadata["seconds"] ?? 0),
  };
}

/** The newest whole checkpoint of a folder, or nothing. */
export async function latestCheckpoint(folder: string): Promise<string | undefined> {
  return (await latestTrainingState(folder))?.path;
}
