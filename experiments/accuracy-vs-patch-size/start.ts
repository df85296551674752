import { Command } from "commander";
import { useEngine } from "@flexivit/engine";
import { onInterrupt } from "@flexivit/train";
import { experiment } from "./experiment.ts";

/** `npm start`: the experiment at the size that suits this machine's engine. */
const program = new Command("npm start --")
  .description(
    "Trains one flexible ViT and the fixed-patch ViTs it is compared with on real pictures, and shows accuracy against\npatch size. What is trained already is reused; what was interrupted goes on.",
  )
  .option("--variant <name>", "small, reduced or smoke (default: small on the native engine, reduced on others)")
  .option("--data <set>", "fashion-mnist or mnist", "fashion-mnist")
  .option("--seed <n>", "seed of every draw", Number, 0)
  .option("--out <folder>", "where run folders go", "runs")
  .addHelpText("after", "\nExamples:\n  npm start\n  npm start -- --data mnist --out runs-mnist\n\nAll experiments and their choices: npm run experiment -- --help");

async function main(): Promise<void> {
  const flags = program.parse().opts<{ variant?: string; data: string; seed: number; out: string }>();
  const engine = await useEngine();
  const variant = flags.variant ?? (engine.name === "native" ? "small" : "reduced");
  if (engine.name !== "native") process.stderr.write(`The ${engine.name} engine is slower than the native one: training the reduced preset (${experiment.variants["reduced"]}).\n`);
  const interrupt = onInterrupt((message) => process.stderr.write(`\n${message}\n`));
  const status = await experiment.run({ ...flags, variant, seeds: 1, resume: true, publish: false, signal: interrupt.signal });
  interrupt.release();
  if (status === "stopped") {
    process.stderr.write("Stopped. `npm start` goes on where it was.\n");
    process.exitCode = 130;
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
