import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { onInterrupt } from "@flexivit/train";
import { Command } from "commander";
import { wholeNumber } from "../packages/flexivit/src/commands/options.ts";
import { addWandbTarget, wandbRunOptions, type WandbFlags } from "../packages/flexivit/src/commands/wandb-flags.ts";
import type { Experiment, ExperimentOptions } from "../experiments/experiment.ts";

/** `npm run experiment -- <name>`: runs any folder of `experiments/`. */
const folder = join(import.meta.dirname, "..", "experiments");
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "experiment.ts")));

const program = addWandbTarget(new Command("npm run experiment --"))
  .description("Runs an experiment. Finished runs with the same config are reused.")
  .argument("<name>", `one of: ${names.join(", ")}`)
  .option("--variant <name>", "smoke, small, paper, ...", "small")
  .option("--out <folder>", "where run folders go", "runs")
  .option("--seed <n>", "the first seed", wholeNumber(0), 0)
  .option("--seeds <n>", "how many seeds", wholeNumber(1), 1)
  .option("--data <set>", "a data set in place of the variant's own; a folder for the paper variant")
  .option("--weights <files...>", "trained weights, for the paper variants that start from some")
  .option("--resume", "go on with runs that were interrupted", false)
  .option("--publish", "also write the table and the figure to experiments/<name>/results", false)
  .addHelpText("after", "\nExamples:\n  npm run experiment -- accuracy-vs-patch-size --variant smoke\n  npm run experiment -- accuracy-vs-patch-size --variant small --seeds 3\n  npm run experiment -- accuracy-vs-patch-size --variant paper --data /data/imagenet --resume")
  .action(main);

async function main(name: string, flags: Omit<ExperimentOptions, "signal" | "wandb"> & WandbFlags): Promise<void> {
  if (!names.includes(name)) throw new Error(`experiment(name): expected one of ${names.join(", ")}, got "${name}". Choose one of them.`);
  const { experiment } = (await import(join(folder, name, "experiment.ts"))) as { experiment: Experiment };
  if (!(flags.variant in experiment.variants)) {
    const known = Object.entries(experiment.variants).map(([variant, what]) => `${variant} (${what})`);
    throw new Error(`experiment(variant): expected one of ${known.join(", ")}, got "${flags.variant}". Choose one of them.`);
  }
  const interrupt = onInterrupt((message) => process.stderr.write(`\n${message}\n`));
  const status = await experiment.run({ ...flags, wandb: wandbRunOptions(flags).wandb, signal: interrupt.signal });
  interrupt.release();
  if (status === "stopped") {
    process.stderr.write("Stopped. To go on, run the same command with --resume.\n");
    process.exitCode = 130;
  }
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
