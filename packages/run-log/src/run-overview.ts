import { flattenConfig } from "./config-changes.ts";
import { durationText } from "./duration.ts";
import type { Run } from "./read-run.ts";
import type { Section } from "./section.ts";
import type { Cell } from "./table-cell.ts";

/** Returns the names of runs, made different by the run's id where two are the same. */
export function distinctNames(runs: readonly Run[]): string[] {
  const isUnique = (name: string) => runs.filter((run) => run.name === name).length === 1;
  return runs.map(({ name, id }) => (isUnique(name) ? name : `${name} (${id})`));
}

/** Returns how the runs stand and what they ended with. */
export function runOverview(runs: readonly Run[]): Section[] {
  if (runs.length === 0) return [];
  const names = distinctNames(runs);
  const columns = ["run", "status", "last step", "time", "started", "notes"];
  const rows = runs.map((run, index) => [
    names[index],
    run.summary.status === "running" ? "running, or interrupted" : run.summary.status,
    lastStep(run),
    durationText(lastTime(run)),
    run.createdAt.slice(0, 16).replace("T", " "),
    [run.notes, ...run.tags].filter(Boolean).join(" · "),
  ]);
  const state: Section = { kind: "table", title: runs.length === 1 ? "Run" : "Runs", columns, rows };
  const results = comparison("Results", runs, names, (run) => run.summary.values);
  return results.rows.length > 0 ? [state, results] : [state];
}

/** Returns the configs, the environments and the recorded files of the runs, folded. */
export function runDetails(runs: readonly Run[]): Section[] {
  if (runs.length === 0) return [];
  const names = distinctNames(runs);
  const caption = runs.length > 1 ? "Rows in which the runs differ come first." : undefined;
  return [
    { ...comparison("Config", runs, names, (run) => run.config), caption, folded: true },
    { ...comparison("Environment", runs, names, (run) => run.environment), caption, folded: true },
    ...files(runs, names),
  ];
}

/** Checkpoints and other files with their hashes; nothing where no run has any. */
function files(runs: readonly Run[], names: readonly string[]): Section[] {
  const rows = runs.flatMap(({ artifacts }, index) => artifacts.map(({ kind, step, path, sha256 }) => [names[index], kind, step, path, sha256]));
  return rows.length === 0 ? [] : [{ kind: "table", title: "Files", columns: ["run", "kind", "step", "path", "SHA-256"], rows, folded: true }];
}

type TableSection = Extract<Section, { kind: "table" }>;

/** A table with a row per named value and a column per run; rows in which the runs differ come first. */
function comparison(title: string, runs: readonly Run[], names: readonly string[], read: (run: Run) => unknown): TableSection {
  const values = runs.map((run) => flattenConfig(read(run) ?? {}));
  const keys = [...new Set(values.flatMap((leaves) => [...leaves.keys()]))].filter((key) => key !== "");
  const rows = keys.map((key) => [key, ...values.map((leaves) => leafCell(leaves.get(key)))]);
  const differs = ([, ...cells]: Cell[]) => new Set(cells).size > 1;
  const sorted = [...rows.filter(differs), ...rows.filter((row) => !differs(row))];
  return { kind: "table", title, columns: ["name", ...(runs.length === 1 ? ["value"] : names)], rows: sorted };
}

function leafCell(value: unknown): Cell {
  if (value === undefined || typeof value === "number" || typeof value === "string") return value;
  return Array.isArray(value) && value.every((entry) => typeof entry !== "object") ? value.join(", ") : JSON.stringify(value);
}

function lastStep(run: Run): number | undefined {
  return run.rows.at(-1)?.step ?? run.summary.step;
}

/** A running or killed run's summary is older than its rows. */
function lastTime(run: Run): number {
  return Math.max(run.summary.time, run.rows.at(-1)?.time ?? 0);
}
