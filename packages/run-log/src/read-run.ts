import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Environment } from "./environment.ts";
import type { Artifact, RunStatus, Value } from "./logger.ts";
import type { LoggedMedia } from "./media.ts";
import { decodeLine, decodeValue, isEvent, type LoggedRow, type LogEvent } from "./row-format.ts";
import { readEnvironments, readJson, runPaths, type RunIdentity, type RunManifest } from "./run-folder.ts";

/** The content of `summary.json`; "running" also where a run was killed. */
export type RunSummary = {
  readonly status: "running" | RunStatus;
  readonly step?: number;
  /** Seconds since the run began, interruptions left out. */
  readonly time: number;
  readonly values: Readonly<Record<string, Value>>;
};

/** A number at a step. */
export type Point = { readonly step: number; readonly time: number; readonly value: number };

/** A run as it is on disk. */
export type Run = RunIdentity & {
  readonly folder: string;
  readonly config: unknown;
  /** The environment of the last start. */
  readonly environment: Environment | undefined;
  /** One environment per start, the first one first. */
  readonly environments: readonly Environment[];
  /** The rows that count, in the order in which they were logged. */
  readonly rows: readonly LoggedRow[];
  readonly artifacts: readonly Artifact[];
  /** Histograms, tables and plots, in the order in which they were logged. */
  readonly media: readonly LoggedMedia[];
  readonly summary: RunSummary;
  /** How many lines of the log could not be read. */
  readonly damagedLines: number;
  /** The numbers logged under a name, by step; where a step has several, the last one. */
  series(key: string): Point[];
};

/**
 * Returns a run read from its folder; the run may still be going on.
 *
 * Rows that a resume made void (of later steps than the one it resumed from) are left out.
 * Throws where the folder holds no run.
 */
export async function readRun(folder: string): Promise<Run> {
  const paths = runPaths(resolve(folder));
  if (!existsSync(paths.config)) {
    throw new Error(`readRun(folder): expected a folder with config.json, got ${folder}. Pass the folder of a run.`);
  }
  const { config, format: _, ...identity } = JSON.parse(await readFile(paths.config, "utf8")) as RunManifest;
  const { lines, damaged } = readLogLines(paths.log);
  const counted = linesThatCount(lines);
  const rows = counted.filter((line): line is LoggedRow => !isEvent(line));
  const environments = readEnvironments(folder);
  return {
    ...identity,
    folder: resolve(folder),
    config: decodeValue(config),
    environment: environments.at(-1),
    environments,
    rows,
    artifacts: lines.filter((line) => line.event === "artifact") as unknown as Artifact[],
    media: counted.filter(isEvent).map(({ name, step, media }) => ({ name, step, media }) as LoggedMedia),
    summary: readSummary(folder),
    damagedLines: damaged,
    series: (key) => seriesOf(rows, key),
  };
}

/** Returns the readable lines of a log, and how many are damaged; a last line without its end is still being written. */
export function readLogLines(path: string): { lines: (LoggedRow | LogEvent)[]; damaged: number } {
  if (!existsSync(path)) return { lines: [], damaged: 0 };
  const texts = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const lines = texts.map((text) => decodeLine(text)).filter((line) => line !== undefined);
  return { lines, damaged: texts.length - lines.length };
}

export function readSummary(folder: string): RunSummary {
  const nothing: RunSummary = { status: "running", time: 0, values: {} };
  return decodeValue(readJson(runPaths(folder).summary, nothing)) as RunSummary;
}

/** Rows and media without those that a resume made void. */
function linesThatCount(lines: readonly (LoggedRow | LogEvent)[]): (LoggedRow | LogEvent)[] {
  let counted: (LoggedRow | LogEvent)[] = [];
  for (const line of lines) {
    if (!isEvent(line) || line.event === "media") counted.push(line);
    else if (line.event === "resume") counted = counted.filter(({ step }) => (step as number) <= (line.step as number));
  }
  return counted;
}

function seriesOf(rows: readonly LoggedRow[], key: string): Point[] {
  const byStep = new Map<number, Point>();
  for (const { step, time, [key]: value } of rows) {
    if (typeof value === "number") byStep.set(step, { step, time, value });
  }
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}
