import { globSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { readRun, writeReport, type Run } from "@flexivit/run-log";
import { Command } from "commander";

/** `npm run report -- <run folders>`: runs of any experiments laid over each other in one report. */
const program = new Command("npm run report --")
  .description("Lays runs over each other in one report: curves, results, and the settings in which they differ.")
  .argument("<folders...>", "run folders, or folders that hold some")
  .option("--out <file>", "where the report goes", "report.html")
  .option("--title <text>", "its title", "Runs")
  .addHelpText("after", "\nExamples:\n  npm run report -- runs/accuracy-vs-patch-size/small/seed-0\n  npm run report -- runs/a runs/b --title \"a against b\" --out compared.html")
  .action(main);

async function main(folders: string[], { out, title }: { out: string; title: string }): Promise<void> {
  const found = [...new Set(folders.flatMap(runFolders))];
  const runs = namedApart(await Promise.all(found.map(readRun)));
  await mkdir(dirname(resolve(out)), { recursive: true });
  await writeReport(out, { title, runs });
  process.stdout.write(`${runs.length} ${runs.length === 1 ? "run" : "runs"}: ${out}\n`);
}

/** The run folders in a folder, or itself. */
function runFolders(folder: string): string[] {
  const configs = globSync("**/config.json", { cwd: folder }).toSorted();
  if (configs.length > 0) return configs.map((config) => dirname(resolve(folder, config)));
  throw new Error(`report(folders): expected a folder with runs, got ${folder}. Pass what --out of a training named.`);
}

/** Runs whose names differ: where two are the same, by the part of their path in which they differ. */
function namedApart(runs: readonly Run[]): Run[] {
  const folders = runs.map(({ folder }) => folder);
  return runs.map((run) => {
    const isUnique = runs.filter(({ name }) => name === run.name).length === 1;
    return isUnique ? run : { ...run, name: relative(commonFolder(folders), run.folder) };
  });
}

function commonFolder(folders: readonly string[]): string {
  let common = dirname(folders[0]);
  while (!folders.every((folder) => folder.startsWith(common + sep))) common = dirname(common);
  return common;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
