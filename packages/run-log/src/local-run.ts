import { statSync } from "node:fs";
import { writeJson } from "./atomic-file.ts";
import type { ConfigChange } from "./config-changes.ts";
import { openLogFile } from "./log-file.ts";
import type { Logger, Row, RunStatus } from "./logger.ts";
import { readLogLines } from "./read-run.ts";
import { writeReport } from "./report.ts";
import { encodeRow, encodeValue } from "./row-format.ts";
import { readJson, runPaths, type RunManifest } from "./run-folder.ts";

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
