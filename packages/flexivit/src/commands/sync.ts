import { syncRun } from "@flexivit/run-log";
import { Command } from "commander";
import { positive } from "./options.ts";
import { printResult } from "./print.ts";

type SyncFlags = { project?: string; entity?: string; timeout: number; json?: boolean };

/** `flexivit sync`: what the server does not have yet of a run. */
export function syncCommand(): Command {
  return new Command("sync")
    .argument("<run folder>", "a folder that train wrote, with --wandb or without")
    .option("--project <name>", "default: where the run went before, else WANDB_PROJECT, else flexivit")
    .option("--entity <name>", "user or team that owns the run (default: as before, else the owner of the key)")
    .option("--timeout <s>", "seconds that sending may take", positive, 600)
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  flexivit sync runs/flexible\n\nEvery row is there once, however often this runs. The key is taken from WANDB_API_KEY or ~/.netrc.")
    .action(sync);
}

async function sync(folder: string, { project, entity, timeout, json }: SyncFlags): Promise<void> {
  const { text, ...report } = await syncRun(folder, { project, entity, timeoutMs: 1000 * timeout });
  printResult(json, report, () => text);
  const { lines, confirmed, trouble } = report;
  if (confirmed < lines) throw new Error(`sync(run folder): expected the server to take ${lines} rows, got ${confirmed} taken: ${trouble}. Run the same command again.`);
}
