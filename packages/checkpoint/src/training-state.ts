/** Training states: the Node-only part of the package, imported as "@flexivit/checkpoint/training-state". */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { removePartials } from "./replace-file.ts";
import { readState, readSummary, stateFileName, type TrainingState, verifyState, writeState } from "./state-file.ts";

export type { TrainingState };

/** The newest state of a folder that is whole, and newer ones that are not, with the reason. */
export type LatestState = { path: string; step: number; refused: RefusedState[] };
export type RefusedState = { path: string; reason: string };

/**
 * Saves a state into a folder as `step-00001200.safetensors` and returns its path.
 *
 * The file appears whole or not at all, whatever ends the process, and holds its own checksum. Afterwards the
 * `keep` newest states up to this step are kept, and the one with the highest score; older ones are deleted. The
 * tensors must not be disposed before the promise settles. One run per folder.
 *
 * @throws where the folder cannot be written; the older states are then as they were
 */
export async function saveTrainingState(
  folder: string,
  state: TrainingState,
  options: { keep?: number } = {},
): Promise<string> {
  const keep = options.keep ?? 2;
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw new Error(`saveTrainingState(keep): expected a whole number from 1, got ${keep}. Keep at least the newest.`);
  }
  const path = await writeState(folder, state);
  await removePartials(folder);
  await deleteOld(folder, state.step, keep);
  return path;
}

/**
 * Loads a state from its file, or the newest whole one from a folder; the values are those saved, bit for bit.
 *
 * `refused` lists newer files of the folder that are damaged. The caller disposes the trees.
 *
 * @throws where there is no state, or none whose checksum holds; the message names each file and its reason
 */
export async function loadTrainingState(fileOrFolder: string): Promise<TrainingState & LatestState> {
  const isFolder = (await stat(fileOrFolder).catch(() => undefined))?.isDirectory() ?? false;
  if (!isFolder) {
    await verifyState(fileOrFolder, "loadTrainingState");
    return { ...(await readState(fileOrFolder, "loadTrainingState")), path: fileOrFolder, refused: [] };
  }
  const latest = await latestTrainingState(fileOrFolder);
  if (!latest) {
    throw new Error(
      `loadTrainingState(folder): expected a state such as ${stateFileName(1200)}, got none in ${fileOrFolder}. ` +
        "Start the run anew.",
    );
  }
  return { ...(await readState(latest.path, "loadTrainingState")), ...latest };
}

/**
 * The newest state of a folder whose checksum holds; `undefined` where the folder has none at all.
 *
 * `refused` lists the newer files that were passed over: tell the user.
 *
 * @throws where there are states but none is whole
 */
export async function latestTrainingState(folder: string): Promise<LatestState | undefined> {
  const refused: RefusedState[] = [];
  for (const { path, step } of (await listStates(folder)).reverse()) {
    try {
      await verifyState(path, "latestTrainingState");
      return { path, step, refused };
    } catch (error) {
      refused.push({ path, reason: (error as Error).message });
    }
  }
  if (refused.length === 0) return undefined;
  const reasons = refused.map(({ reason }) => reason).join("\n");
  throw new Error(
    `latestTrainingState(folder): expected a whole state, got ${refused.length} damaged in ${folder}. ` +
      `Start the run in another folder.\n${reasons}`,
  );
}

/** States by rising step; none where the folder does not exist. */
async function listStates(folder: string): Promise<{ path: string; step: number }[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const states = names.flatMap((name) => {
    const digits = /^step-(\d{8,})\.safetensors$/.exec(name)?.[1];
    return digits === undefined ? [] : [{ path: join(folder, name), step: Number(digits) }];
  });
  return states.sort((a, b) => a.step - b.step);
}

/** Deletes all but the `keep` newest states up to `step` and the best; what cannot be read is not ours to delete. */
async function deleteOld(folder: string, step: number, keep: number): Promise<void> {
  const states = await listStates(folder);
  const old = states.filter((state) => state.step <= step).slice(0, -keep);
  if (old.length === 0) return;
  const scores = new Map<string, number>();
  for (const { path } of states) {
    const summary = await readSummary(path, "saveTrainingState").catch(() => undefined);
    if (summary) scores.set(path, summary.score ?? -Infinity);
  }
  const highest = Math.max(...scores.values());
  const best = states.findLast(({ path }) => scores.get(path) === highest && highest > -Infinity);
  for (const { path } of old) {
    if (scores.has(path) && path !== best?.path) await rm(path);
  }
}
