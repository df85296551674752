import { mkdirSync } from "node:fs";
import type { ConfigChange } from "./config-changes.ts";
import { openJournal } from "./journal.ts";
import type { Logger } from "./logger.ts";
import { readRun } from "./read-run.ts";
import { writeReport } from "./report.ts";
import { runPaths, type RunManifest } from "./run-folder.ts";
import { startRunShipping } from "./wandb/run-shipping.ts";
import type { WandbOptions } from "./wandb/wandb-settings.ts";

/** A run on the local disk. */
export type LocalRun = Required<Logger> & {
  /** Names the run for good, over resumes too. */
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  /** Where checkpoints go; the folder exists. */
  readonly checkpoints: string;
  /** Whether the folder held this run before. */
  readonly resumed: boolean;
};

/** How a run starts: new, or resumed with the config `changes` that were allowed. */
export type RunStart = {
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly resumed: boolean;
  readonly changes: readonly ConfigChange[];
  readonly report: boolean;
  readonly wandb?: WandbOptions;
};

/** Starts logging to a run folder that holds `config.json`. */
export function startLocalRun({ folder, manifest, resumed, changes, report, wandb }: RunStart): LocalRun {
  const paths = runPaths(folder);
  mkdirSync(paths.checkpoints, { recursive: true });
  const journal = openJournal(folder);
  journal.event("open", { at: new Date().toISOString(), pid: process.pid, changes });
  journal.summary({});
  const shipping = wandb && startRunShipping(folder, wandb);
  return {
    id: manifest.id,
    name: manifest.name,
    folder,
    checkpoints: paths.checkpoints,
    resumed,
    log: journal.row,
    summary: journal.summary,
    artifact(artifact) {
      journal.event("artifact", artifact);
      journal.sync();
    },
    media: journal.media,
    resumeFrom: journal.resumeAfter,
    async finish(status) {
      if (!journal.close(status)) return;
      if (report) await writeRunReport(folder);
      await shipping?.finish();
    },
  };
}

/** Writes a run's own report; a report that fails must not fail the run, whose rows are safe. */
async function writeRunReport(folder: string): Promise<void> {
  try {
    const run = await readRun(folder);
    await writeReport(runPaths(folder).report, { title: run.name, runs: [run] });
  } catch (error) {
    process.emitWarning(`The report of ${folder} could not be written: ${String(error)}`);
  }
}
