import { vitVariants, type Pooling, type VitVariant } from "@flexivit/vit";
import { Command, Option } from "commander";
import { recipeDefaults } from "../recipe.ts";
import { names, nonNegative, patchSizes, positive, remainderOption, share, threadsOption, weights, wholeNumber } from "./options.ts";
import { addWandbFlags, type WandbFlags } from "./wandb-flags.ts";

/** What `flexivit train` takes; where a flag has no value, its default depends on others. */
export type TrainFlags = WandbFlags & {
  data: string;
  variant?: VitVariant;
  imageSize?: number;
  patchSizes?: string[];
  patchWeights?: number[];
  pooling: Pooling;
  remainder: "error" | "crop";
  objective: "softmax" | "sigmoid";
  epochs?: number;
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
  flip: boolean;
  evaluateEvery?: number;
  checkpointEvery?: number;
  seed: number;
  threads?: number;
  out: string;
  name: string;
  resume?: boolean;
  allowChanges?: string[];
  strict?: boolean;
  json?: boolean;
};

/** Declares the flags of `flexivit train`. */
export function addTrainFlags(command: Command): Command {
  addModelFlags(command);
  addOptimiserFlags(command);
  return addWandbFlags(addRunFlags(command));
}

function addModelFlags(command: Command): void {
  command
    .requiredOption("--data <set>", "fashion-mnist, mnist, or a folder: train/ and val/ with a folder per class, or a folder per class")
    .addOption(new Option("--variant <name>", "size of the model (default: S; mu for packaged sets)").choices(Object.keys(vitVariants)))
    .option("--image-size <px>", "height and width of the pictures (default: 240; 24 for packaged sets)", wholeNumber(1))
    .option(
      "--patch-sizes <list>",
      "sizes to draw from, such as 24,12,12x10; one size trains a fixed model (default: all that give 25 to 900 patches; 4 to 64 for packaged sets)",
      patchSizes,
    )
    .option("--patch-weights <list>", "weight of each size (default: all alike)", weights)
    .addOption(remainderOption())
    .addOption(new Option("--pooling <how>", "mean of the tokens, or class token").choices(["gap", "tok"]).default("gap"));
}

function addOptimiserFlags(command: Command): void {
  command
    .option("--epochs <n>", "passes over the training pictures (default: 90; 5 for packaged sets)", positive)
    .option("--steps <n>", "steps, instead of epochs", wholeNumber(1))
    .option("--batch-size <n>", "pictures per step", wholeNumber(1), 128)
    .option("--accumulate <n>", "equal parts that a batch is split into, to save memory", wholeNumber(1), 1)
    .option("--learning-rate <x>", "largest learning rate", positive, recipeDefaults.learningRate)
    .option("--weight-decay <x>", "decay of the kernels", nonNegative, recipeDefaults.weightDecay)
    .option("--warmup-steps <n>", "steps until the learning rate is reached (default: 5 % of all)", wholeNumber(0))
    .option("--clip-norm <x>", "largest norm of the gradients", positive, recipeDefaults.clipNorm)
    .option("--ema <decay>", "keep a moving average of the weights, such as 0.999", share, 0)
    .addOption(new Option("--objective <loss>", "one class per picture, or every class on its own").choices(["softmax", "sigmoid"]).default("softmax"))
    .option("--label-smoothing <x>", "share of the target spread over all classes", share, 0)
    .option("--mixup <alpha>", "mix pictures by Beta(alpha, alpha)", nonNegative, 0)
    .option("--no-flip", "do not mirror pictures (mnist: never mirrored)")
    .option("--seed <n>", "seed of every draw", wholeNumber(0), 0);
}

function addRunFlags(command: Command): Command {
  return command
    .option("--evaluate-every <n>", "steps (default: a tenth of all)", wholeNumber(1))
    .option("--checkpoint-every <n>", "steps (default: a tenth of all)", wholeNumber(1))
    .addOption(threadsOption())
    .option("--out <folder>", "where run folders go", "runs")
    .option("--name <name>", "name of the run folder", "flexible")
    .option("--resume", "go on with the run of this name; its flags must be the same")
    .option("--allow-changes <keys>", "what may differ on --resume, as named in the run's config.json, such as learningRate", names)
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .option("--json", "print the result as JSON");
}
