import { existsSync, mkdirSync, accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "./environment.ts";

/** What names a run, as `config.json` holds it; `id` stays the same over resumes. */
export type RunIdentity = {
  readonly id: string;
  readonly name: string;
  readonly group?: string;
  readonly tags: readonly string[];
  readonly notes?: string;
  readonly jobType?: string;
  readonly createdAt: string;
};

/** The content of `config.json`. */
export type RunManifest = { readonly format: 1 } & RunIdentity & { readonly config: unknown };

/** The paths of a run's files. */
export function runPaths(folder: string): Record<"config" | "environment" | "log" | "summary" | "report" | "checkpoints", string> {
  return {
    config: join(folder, "config.json"),
    environment: join(folder, "environment.json"),
    log: join(folder, "log.jsonl"),
    summary: join(folder, "summary.json"),
    report: join(folder, "report.html"),
    checkpoints: join(folder, "checkpoints"),
  };
}

/** Makes the folder if need be; throws where it cannot be written to. */
export function makeWritable(folder: string): void {
  try {
    makeFolders(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `openRun(folder): expected a writable folder, got ${folder} (${code}). Choose another folder, or change its permissions.`,
      { cause: error },
    );
  }
}

/** Makes a folder and those above it one by one: with `recursive`, mkdirSync never ends where none can be made, as below /proc. */
function makeFolders(folder: string): void {
  const above = dirname(folder);
  if (above !== folder && !existsSync(above)) makeFolders(above); // a drive that is not there is its own folder
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) throw error;
  }
}

/** Says whether a folder holds a run; throws where it holds something else. */
export function holdsRun(folder: string): boolean {
  if (existsSync(runPaths(folder).config)) return true;
  // What a run that was killed while it was being created leaves behind counts as nothing.
  const content = readdirSync(folder).filter((name) => name !== "checkpoints" && !name.endsWith(".tmp"));
  if (content.length === 0) return false;
  const more = content.length > 3 ? ", ..." : "";
  throw new Error(
    `openRun(folder): expected a run or an empty folder, got ${folder} with ${content.slice(0, 3).join(", ")}${more}. Choose another folder.`,
  );
}

/** Reads a JSON file of a run folder; `otherwise` where there is none. */
export function readJson<Content>(path: string, otherwise: Content): Content {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Content) : otherwise;
}

/** Every environment that a run has run in, the first one first. */
export function readEnvironments(folder: string): Environment[] {
  return readJson<Environment[]>(runPaths(folder).environment, []);
}
