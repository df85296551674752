#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command } from "commander";
import { benchCommand } from "./commands/bench.ts";
import { engineCommand } from "./commands/engine.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { predictCommand } from "./commands/predict.ts";
import { trainCommand } from "./commands/train.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

const program = new Command("flexivit")
  .description("Vision transformers that work at every patch size: coarse and fast, fine and accurate")
  .version(version)
  .addCommand(trainCommand())
  .addCommand(evaluateCommand())
  .addCommand(predictCommand())
  .addCommand(benchCommand())
  .addCommand(engineCommand())
  .addHelpText("after", "\nExample:\n  flexivit train --data pictures --variant Ti --image-size 96 --patch-sizes 32,24,16,12,8");

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${process.env["FLEXIVIT_DEBUG"] ? (error as Error).stack : (error as Error).message}\n`);
  process.exitCode = 1;
}
