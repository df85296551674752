import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem, type } from "node:os";
import { join } from "node:path";
import { root } from "../workspace.ts";
import type { AnyStudy, Effort } from "./study.ts";

/** A study's data with what it was measured on. */
type Result = { date: string; machine: string; coresTaken?: number; versions: string; effort: Effort; data: unknown };

const results = join(root, "tools/peers/results");
const page = join(root, "docs/performance.md");
const plots = join(root, "docs/performance");

/** Stores what a study found, for this and later pages. */
export function store(study: AnyStudy, effort: Effort, coresTaken: number, data: unknown): void {
  const [processor] = cpus();
  const machine = `${processor?.model}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()}`;
  const result: Result = { date: new Date().toISOString().slice(0, 10), machine, coresTaken, versions: versionsIn(data), effort, data };
  mkdirSync(results, { recursive: true });
  writeFileSync(fileOf(study), `${JSON.stringify(result)}\n`);
}

/** Writes docs/performance.md and its plots from all that is stored, one section per study. */
export async function writePage(studies: readonly AnyStudy[]): Promise<string> {
  const sections: string[] = [];
  for (const study of studies) {
    if (!existsSync(fileOf(study))) continue;
    sections.push(await section(study, JSON.parse(readFileSync(fileOf(study), "utf8")) as Result));
  }
  const intro = [
    "# Performance",
    "Measured by `npm run peers`, which rewrites this page; `npm run peers -- models growth` measures only these studies again. float32, whole processes: memory is the peak of resident memory, imports included. `speed` is the other's time over ours (above 1: we are faster), `memory` ours over the other's (below 1: we need less). What was tried, kept and dropped is in decisions [2](decisions/0002-native-engine-from-source.md), [3](decisions/0003-fused-kernels.md), [9](decisions/0009-memory-of-the-native-engine.md) and [10](decisions/0010-small-models.md).",
  ];
  writeFileSync(page, `${[...intro, ...sections].join("\n\n")}\n`);
  return page;
}

async function section({ title, name, question, present }: AnyStudy, { date, machine, coresTaken = 0, versions, effort, data }: Result): Promise<string> {
  const { markdown, plots: figures = {} } = await present(data);
  mkdirSync(plots, { recursive: true });
  for (const [file, svg] of Object.entries(figures)) writeFileSync(join(plots, file), svg);
  const busy = coresTaken > 0.2 ? ` **Other programs took ${coresTaken.toFixed(1)} cores: compare memory and processor time, not time.**` : "";
  const pairs = effort.pairs === 30 ? "" : ` --pairs ${effort.pairs}`;
  const how = `\`npm run peers -- ${name}${pairs}\`, ${date}, ${effort.threads} threads, ${effort.rounds} ${effort.rounds === 1 ? "round" : "rounds"} of ${effort.repeats} repeats. ${machine}.${versions && ` ${versions}.`}${busy}`;
  return [`## ${title}`, question, markdown, how].join("\n\n");
}

function fileOf({ name }: AnyStudy): string {
  return join(results, `${name}.json`);
}

/** Every program's versions that the data mention, each once. */
function versionsIn(data: unknown): string {
  const found = new Set<string>();
  JSON.stringify(data, (key, value: unknown) => {
    if (key === "versions") for (const [name, version] of Object.entries(value as Record<string, string>)) found.add(`${name} ${version}`);
    return value;
  });
  return [...found].join(", ");
}
