import { join } from "node:path";
import { Command, Option } from "commander";
import { useEngine } from "@flexivit/engine";
import { openRun, progressLine } from "@flexivit/run-log";
import { onInterrupt } from "@flexivit/train";
import { vitConfig, vitVariants, type VitVariant } from "@flexivit/vit";
import { openData, type DataSets } from "../open-data.ts";
import { recipeDefaults, type ClassifierRecipe } from "../recipe.ts";
import { trainClassifier } from "../train-classifier.ts";
import { nonNegative, patchSizes, weights, wholeNumber } from "./options.ts";
import { percent, remark } from "./print.ts";

type TrainFlags = {
  data: string;
  variant: VitVariant;
  imageSize: number;
  patchSizes: string[];
  patchWeights?: number[];
  pooling: "gap" | "tok";
  epochs: number;
  steps?: number;
  batchSize: number;
  accumulate: number;
  learningRate: number;
  weightDecay: number;
  warmupSteps?: number;
  clipNorm: number;
  ema: number;
  labelSmoothing: number;
  mixup: number;
  evaluateEvery?: number;
  checkpointEvery?: number;
  seed: number;
  threads?: number;
  out: string;
  name: string;
  resume?: boolean;
  strict?: boolean;
};

/** `flexivit train`: one classifier for many patch sizes. */
export function trainCommand(): Command {
  const command = new Command("train").description("Train a classifier that works at every patch size").showHelpAfterError("(flexivit train --help lists the options)");
  command
    .requiredOption("--data <set>", "fashion-mnist, mnist, or a folder: train/ and val/ with a folder per class, or a folder per class")
    .addOption(new Option("--variant <name>", "size of the model").choices(Object.keys(vitVariants)).default("S"))
    .option("--image-size <px>", "height and width of the training pictures", wholeNumber(1), 240)
    .option("--patch-sizes <list>", "sizes to draw from; one size trains a fixed model", patchSizes, ["48", "40", "30", "24", "20", "16", "15", "12", "10", "8"])
    .option("--patch-weights <list>", "weight of each size (default: all alike)", weights)
    .addOption(new Option("--pooling <how>", "mean of the tokens or class token").choices(["gap", "tok"]).default("gap"))
    .option("--epochs <n>", "passes over the training pictures", nonNegative, 90)
    .option("--steps <n>", "steps, instead of epochs", wholeNumber(1))
    .option("--batch-size <n>", "pictures per step", wholeNumber(1), 128)
    .option("--accumulate <n>", "parts that a batch is split into, to save memory", wholeNumber(1), 1)
    .option("--learning-rate <x>", "largest learning rate", nonNegative, recipeDefaults.learningRate)
    .option("--weight-decay <x>", "decay of the kernels", nonNegative, recipeDefaults.weightDecay)
    .option("--warmup-steps <n>", "steps until the learning rate is reached (default: 5 % of all)", wholeNumber(0))
    .option("--clip-norm <x>", "largest norm of the gradients", nonNegative, recipeDefaults.clipNorm)
    .option("--ema <decay>", "keep a moving average of the weights, such as 0.999", nonNegative, 0)
    .option("--label-smoothing <x>", "share of the target spread over all classes", nonNegative, 0)
    .option("--mixup <alpha>", "mix pictures by Beta(alpha, alpha)", nonNegative, 0)
    .option("--evaluate-every <n>", "steps (default: a tenth of all)", wholeNumber(1))
    .option("--checkpoint-every <n>", "steps (default: a tenth of all)", wholeNumber(1))
    .option("--seed <n>", "seed of every draw", wholeNumber(0), 0)
    .option("--threads <n>", "threads of the engine", wholeNumber(1))
    .option("--out <folder>", "where run folders go", "runs")
    .option("--name <name>", "name of the run folder", "flexible")
    .option("--resume", "go on with the run of this name")
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .addHelpText("after", examples)
    .action(trainModel);
  return command;
}

const examples = `
Examples:
  flexivit train --data pictures --variant Ti --image-size 96 --patch-sizes 32,24,16,12,8 --epochs 20
  flexivit train --data pictures --name flexible --resume
  flexivit train --data fashion-mnist --variant mu --image-size 24 --patch-sizes 12,8,6,4,3 --epochs 1`;

async function trainModel(flags: TrainFlags): Promise<void> {
  const engine = await useEngine({ threads: flags.threads });
  remark(`engine: ${engine.name} (${engine.why})`);
  const data = await openData(flags.data, flags);
  for (const { file, reason } of data.skipped) remark(`skipped ${file}: ${reason}`);
  const recipe = recipeOf(flags, data);
  const { out, name, resume } = flags;
  const run = await openRun({ folder: join(out, name), name, config: recipe, resume, environment: { engine, data: data.name } });
  const progress = progressLine({ total: recipe.steps, label: name });
  const interrupt = onInterrupt(progress.print);
  try {
    const { status, file, model, step } = await trainClassifier(recipe, {
      ...data,
      run,
      signal: interrupt.signal,
      onStep: ({ evaluation, steps: _, ...row }) => {
        progress.update(row);
        if (evaluation) progress.print(evaluationLine(row.step, evaluation));
      },
    });
    progress.finish();
    await run.finish(status);
    if (status === "stopped") {
      remark(`Stopped after step ${step}. To go on, run the same command with --resume.`);
      process.exitCode = 130;
      return;
    }
    remark(`Model: ${file}, for patch sizes ${model.info.patchSizes.join(", ")}. Report: ${join(run.folder, "report.html")}`);
  } catch (error) {
    progress.finish();
    await run.finish("failed");
    throw error;
  } finally {
    interrupt.release();
  }
}

function recipeOf(flags: TrainFlags, { training }: DataSets): ClassifierRecipe {
  const steps = flags.steps ?? Math.max(1, Math.round((flags.epochs * training.size) / flags.batchSize));
  const tenth = Math.max(1, Math.round(steps / 10));
  const small = training.channels === 1;
  return {
    ...recipeDefaults,
    vit: vitConfig(flags.variant, { channels: training.channels, pooling: flags.pooling }),
    imageSizePx: flags.imageSize,
    patchSizes: flags.patchSizes,
    ...(flags.patchWeights ? { patchWeights: flags.patchWeights } : {}),
    evaluatePatchSizes: flags.patchSizes,
    ...(small ? { trainFraming: { kind: "inception-crop", area: [0.5, 1] }, testFraming: { kind: "squash" } } : {}),
    labelSmoothing: flags.labelSmoothing,
    mixup: flags.mixup,
    batchSize: flags.batchSize,
    accumulate: flags.accumulate,
    steps,
    learningRate: flags.learningRate,
    warmupSteps: flags.warmupSteps ?? Math.min(steps - 1, Math.round(steps / 20)),
    weightDecay: flags.weightDecay,
    clipNorm: flags.clipNorm,
    emaDecay: flags.ema,
    evaluateEvery: flags.evaluateEvery ?? tenth,
    checkpointEvery: flags.checkpointEvery ?? tenth,
    seed: flags.seed,
  };
}

function evaluationLine(step: number, evaluation: Record<string, number>): string {
  const entries = Object.entries(evaluation).map(([name, value]) => `${name.replace("accuracy/", "")}: ${percent(value)}`);
  return `step ${step}  accuracy by patch size  ${entries.join("  ")}`;
}
