import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { writeJson } from "./atomic-file.ts";
import { configChanges, refuseChanges, type ConfigChange } from "./config-changes.ts";
import { describeEnvironment } from "./environment.ts";
import { startLocalRun, type LocalRun } from "./local-run.ts";
import { encodeValue } from "./row-format.ts";
import { holdsRun, makeWritable, readEnvironments, readJson, runPaths, type RunManifest } from "./run-folder.ts";
import type { WandbOptions } from "./wandb/wandb-settings.ts";

/** What `openRun` takes. */
export type RunOptions = {
  /** The run's own folder; it is created. */
  readonly folder: string;
  readonly name: string;
  /** Plain data that defines the run; a resume must bring the same. */
  readonly config: unknown;
  /** Runs that belong together, for example an experiment's. */
  readonly group?: string;
  readonly tags?: readonly string[];
  readonly notes?: string;
  readonly jobType?: string;
  /** Continue the run that the folder holds; where it holds none, a new one begins. */
  readonly resume?: boolean;
  /** Dotted paths of config keys that may differ on resume, for example `["totalSteps"]`. */
  readonly allowedChanges?: readonly string[];
  /** What only the caller knows about the environment, for example `{ engine }`. */
  readonly environment?: Readonly<Record<string, unknown>>;
  /** Bring the run to Weights & Biases too, from a process of its own that reads the log. */
  readonly wandb?: WandbOptions;
  /** Write `report.html` when the run ends (default true). */
  readonly report?: boolean;
};

/**
 * Opens a run folder and returns the Logger that writes to it.
 *
 * Every row is with the operating system when `log` returns, so that a killed process loses none.
 * Throws where the folder is not writable, holds another run and `resume` is not set, or holds a run
 * with another config.
 */
export async function openRun(options: RunOptions): Promise<LocalRun> {
  const folder = resolve(options.folder);
  makeWritable(folder);
  const resumed = holdsRun(folder);
  if (resumed && !options.resume) {
    throw new Error(
      `openRun(folder): expected an empty or new folder, got ${folder}, which holds a run. Set resume to continue it, or choose another folder.`,
    );
  }
  const { manifest, changes } = resumed ? continueManifest(folder, options) : { manifest: newManifest(options), changes: [] };
  const environment = await describeEnvironment(options.environment);
  writeJson(runPaths(folder).config, manifest);
  writeJson(runPaths(folder).environment, [...readEnvironments(folder), environment]);
  return startLocalRun({ folder, manifest, resumed, changes, report: options.report ?? true, wandb: options.wandb });
}

function newManifest({ name, group, tags = [], notes, jobType, config }: RunOptions): RunManifest {
  const id = randomUUID().slice(0, 8);
  const createdAt = new Date().toISOString();
  return { format: 1, id, name, group, tags, notes, jobType, createdAt, config: asJson(config) };
}

function continueManifest(folder: string, options: RunOptions): { manifest: RunManifest; changes: ConfigChange[] } {
  const before = readJson<RunManifest | undefined>(runPaths(folder).config, undefined);
  if (before?.format !== 1) {
    throw new Error(`openRun(folder): expected a run of format 1, got format ${before?.format} in ${folder}. Choose another folder.`);
  }
  const config = asJson(options.config);
  const changes = configChanges(before.config, config);
  refuseChanges(changes, options.allowedChanges ?? [], folder);
  return { manifest: { ...before, config }, changes };
}

function asJson(config: unknown): unknown {
  return JSON.parse(JSON.stringify(encodeValue(config) ?? null));
}
