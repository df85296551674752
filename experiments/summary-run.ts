import { join } from "node:path";
import { openRun } from "@flexivit/run-log";
import type { Table } from "./panel.ts";
import type { Drawn, Findings } from "./present.ts";
import type { StudyConfig } from "./study.ts";

/** Brings tables and figures over all seeds to Weights & Biases as a run of their own, beside the runs that they are made of. */
export async function logSummary<Config extends StudyConfig>({ study, config, session, folder, results }: Findings<Config>, drawn: readonly Drawn[], decision: Table): Promise<void> {
  const { options } = session;
  if (!options.wandb) return;
  const run = await openRun({
    folder: join(folder, `summary-${new Date().toISOString().replaceAll(/\D/g, "")}`),
    name: `${study.name}, ${options.variant}: ${results.length === 1 ? "1 seed" : `${results.length} seeds`}`,
    group: `${study.name}/${options.variant}`,
    jobType: "summary",
    config: { config, seeds: results.map(({ seed }) => seed) },
    wandb: options.wandb,
  });
  for (const { title, table, plot } of drawn) {
    run.media(title, { kind: "plot", spec: plot }, 0);
    run.media(`${title}: table`, { kind: "table", ...withoutGaps(table) }, 0);
  }
  run.media("Verdict", { kind: "table", ...withoutGaps(decision) }, 0);
  await run.finish("finished");
}

function withoutGaps({ columns, rows }: Table): { columns: string[]; rows: (string | number)[][] } {
  return { columns, rows: rows.map((row) => row.map((cell) => cell ?? "")) };
}
