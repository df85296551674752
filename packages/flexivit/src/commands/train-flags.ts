import type { Distance } from "@flexivit/distill";
import type { KernelResizeMethod } from "@flexivit/pi-resize";
import type { Interpolation } from "@flexivit/resample";
import type { Size } from "@flexivit/patch-schemes";
import { vitVariants, type Embedder, type Pooling, type Positions, type VitConfig, type VitVariant } from "@flexivit/vit";
import type { OptimizerConfig } from "@flexivit/optim";
import { Command, Option } from "commander";
import type { NormalisationName } from "./options.ts";
import { lossWeightsHelp, type LossWeights } from "../loss-weights.ts";
import { recipeDefaults } from "../recipe.ts";
import { taskDataHelp } from "../open-task-data.ts";
import type { Objective } from "../task.ts";
import { namedWeights, names, nonNegative, normalisationOption, randAugment, patchSize, patchSizes, positive, remainderOption, share, threadsOption, weights, wholeNumber, wholeNumbers } from "./options.ts";
import { commandTasks, type CommandTask } from "./task-of.ts";
import { size } from "./trait-flags.ts";
import { addWandbFlags, type WandbFlags } from "./wandb-flags.ts";

/** What `flexivit train` takes; where a flag has no value, its default depends on others. */
export type TrainFlags = WandbFlags & {
  task: CommandTask;
  data: string;
  val?: string;
  pictures?: string;
  valPictures?: string;
  headConfig?: string;
  lossWeights?: LossWeights;
  from?: string;
  variant?: VitVariant;
  imageSize?: number;
  imageSizes?: number[];
  patchSize?: string;
  patchSizes?: string[];
  patchWeights?: number[];
  draw?: "uniform" | "categorical" | "gaussian" | "linear" | "cost-equalised";
  drawCentre?: number;
  drawStd?: number;
  schemes?: string;
  storePatchSize?: Size;
  storeGrid?: Size;
  pooling?: Pooling;
  embedder?: Embedder["kind"];
  positions?: Positions;
  classToken?: string;
  registers?: number;
  mlp?: VitConfig["mlp"];
  layerScale?: number;
  dropPath?: number;
  kernelResize?: KernelResizeMethod;
  kernelInterpolation?: Interpolation["kernel"];
  kernelAntialias?: boolean;
  covariance?: string;
  modelConfig?: string;
  recompute?: boolean;
  remainder: "error" | "crop";
  objective?: Objective;
  epochs?: number;
  steps?: number;
  batchSize: number;
  accumulate?: number;
  optimizer: OptimizerConfig["kind"];
  learningRate: number;
  weightDecay?: number;
  b2?: number;
  momentum?: number;
  layerDecay?: number;
  schedule: "cosine" | "linear" | "rsqrt" | "constant";
  warmupSteps?: number;
  clipNorm: number;
  ema: number;
  labelSmoothing: number;
  smoothingAmong?: "all" | "others";
  teacher?: string;
  teacherPatchSize?: string;
  teacherImageSize?: number;
  distance?: Distance["kind"];
  temperature?: number;
  auxiliaryBlock?: number;
  auxiliaryWeight?: number;
  mixup: number;
  cutmix: number;
  randAugment?: { layers: number; magnitude: number };
  freeze?: string[];
  normalisation?: NormalisationName;
  flip: boolean;
  evaluateEvery?: number;
  checkpointEvery?: number;
  seed: number;
  threads?: number;
  ranks?: number;
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
  addArchitectureFlags(command);
  addOptimiserFlags(command);
  return addWandbFlags(addRunFlags(command));
}

function addModelFlags(command: Command): void {
  command
    .addOption(new Option("--task <task>", "what is learned").choices(commandTasks).default("classify"))
    .requiredOption("--data <set>", `classify: fashion-mnist, mnist, cifar10; a folder: train/ and val/ with a folder per class, or a folder per class; a .csv file of labels. ${taskDataHelp}`)
    .option("--val <set>", "pictures to test on, where not to classify (default: the validation part of coco:, ade20k: and cityscapes:)")
    .option("--pictures <folder>", "where the pictures of a COCO file are (default: its own folder)")
    .option("--val-pictures <folder>", "the same for --val")
    .option("--head-config <file>", "JSON file of fields of the head's config, such as masks or predictors, where not to classify")
    .option("--loss-weights <list>", lossWeightsHelp, namedWeights)
    .option("--from <file>", "start from a trained model; a head for other classes begins anew")
    .addOption(new Option("--variant <name>", "size of the model (default: S; mu for packaged sets)").choices(Object.keys(vitVariants)))
    .option("--image-size <px>", "height and width of the pictures (default: 240; 24 for packaged sets)", wholeNumber(1))
    .option("--image-sizes <list>", "sizes that the pictures of one step have, equally many of each, such as 192,240", wholeNumbers)
    .option(
      "--patch-sizes <list>",
      "sizes to draw from, such as 24,12,12x10; one size trains a fixed model (default: all that give 25 to 900 patches; 4 to 64 for packaged sets)",
      patchSizes,
    )
    .option("--patch-size <size>", "one size only: --patch-size 30 is --patch-sizes 30", patchSize)
    .addOption(new Option("--draw <how>", "how a size is drawn per step (default: all alike)").choices(["uniform", "categorical", "gaussian", "linear", "cost-equalised"]))
    .option("--patch-weights <list>", "weight of each size; with --draw linear of the smallest and the largest", weights)
    .option("--draw-centre <px>", "with --draw gaussian: the most likely size", positive)
    .option("--draw-std <px>", "with --draw gaussian: its standard deviation", positive)
    .option("--schemes <file>", "JSON file of a distribution in place of all these: mixtures, sequences over steps")
    .option("--store-patch-size <size>", "store the patch kernel at this size, such as 32 or 12x10 (default: as in --from; else the largest patch size, 32 at most)", size)
    .option("--store-grid <size>", "store the positions at this grid, such as 7 or 5x7 (default: as in --from; else 7, or that of the one patch size)", size)
    .addOption(remainderOption())
    .addOption(new Option("--pool, --pooling <how>", "mean of the tokens, class token, or attention (default: gap)").choices(["gap", "tok", "map"]));
}

function addArchitectureFlags(command: Command): void {
  command
    .addOption(new Option("--embedder <kind>", "what makes a token of a tile (default: linear)").choices(["linear", "mlp", "attention", "tile-cnn", "conv-stem", "hybrid"]))
    .addOption(new Option("--positions <kind>", "what tells a token where it is (default: grid)").choices(["grid", "sequence", "factorised", "sin-cos", "index", "none"]))
    .option("--class-token <form>", "learned, zeros or ones; then first or last; then position for a position of its own, such as learned,first,position (default: none; learned with --pooling tok)")
    .option("--registers <n>", "learned tokens beside the patches", wholeNumber(0))
    .addOption(new Option("--mlp <kind>", "perceptron of a block (default: gelu)").choices(["gelu", "swiglu"]))
    .option("--layer-scale <x>", "first value of a learned scale per branch, such as 0.0001", positive)
    .option("--drop-path <x>", "share of pictures whose branches the last block skips while training", share)
    .addOption(new Option("--kernel-resize <method>", "how the patch kernel follows the patch size (default: pi)").choices(["pi", "bilinear", "norm", "area"]))
    .addOption(new Option("--kernel-interpolation <kernel>", "the resize that it inverts, or does (default: bilinear)").choices(["bilinear", "bicubic", "area"]))
    .option("--kernel-antialias", "resize it with antialias: keeps more where patches shrink")
    .option("--covariance <file>", "weigh PI-resize by the covariance that flexivit covariance wrote")
    .option("--model-config <file>", "JSON file of any fields of the model's config, which win over the flags")
    .option("--recompute", "run blocks again in the backward pass: less memory, more time");
}

function addOptimiserFlags(command: Command): void {
  command
    .option("--epochs <n>", "passes over the training pictures (default: 90; 5 for packaged sets; 10 with --from)", positive)
    .option("--steps <n>", "steps, instead of epochs", wholeNumber(1))
    .option("--batch-size <n>", "pictures per step", wholeNumber(1), 128)
    .option("--accumulate <n>", "equal parts that a batch is split into, to save memory or for ranks to share (default: one per rank)", wholeNumber(1))
    .addOption(new Option("--optimizer <name>", "how weights are updated").choices(["adamw", "adam", "rmsprop", "adafactor", "sgd"]).default("adamw"))
    .option("--learning-rate <x>", "largest learning rate", positive, recipeDefaults.optimizer.learningRate)
    .option("--weight-decay <x>", "decay of the kernels (default: 0.0001 for adamw, else none)", nonNegative)
    .option("--b2 <x>", "decay of the mean of squared gradients: adamw, adam, rmsprop", share)
    .option("--momentum <x>", "decay of the mean of updates: sgd, rmsprop, adafactor", share)
    .option("--layer-decay <x>", "factor on the learning rate from one block to the one before it, such as 0.75", positive)
    .addOption(new Option("--schedule <name>", "course of the learning rate after the warm-up").choices(["cosine", "linear", "rsqrt", "constant"]).default("cosine"))
    .option("--warmup-steps <n>", "steps until the learning rate is reached (default: 5 % of all)", wholeNumber(0))
    .option("--clip-norm <x>", "largest norm of the gradients", positive, recipeDefaults.clipNorm)
    .option("--ema <decay>", "keep a moving average of the weights, such as 0.999", share, 0)
    .addOption(new Option("--objective <loss>", "softmax: one class per picture; sigmoid: every class on its own; l2, l1, huber: numbers (default: by the data)").choices(["softmax", "sigmoid", "l2", "l1", "huber"]))
    .option("--label-smoothing <x>", "share of the target spread over the classes", share, 0)
    .addOption(new Option("--smoothing-among <which>", "who gets that share: all classes, or the others (default: all)").choices(["all", "others"]))
    .option("--teacher <file>", "learn from the answers of a trained model in place of labels, on the same crops; often with --from the same file")
    .option("--teacher-patch-size <size>", "patch size of the teacher (default: its first one)", patchSize)
    .option("--teacher-image-size <px>", "height and width that the teacher sees (default: its own)", wholeNumber(1))
    .addOption(new Option("--distance <kind>", "between the logits of both (default: kl)").choices(["kl", "hard", "l2", "euclidean", "log-softmax-euclidean"]))
    .option("--temperature <x>", "with --distance kl (default: 1)", positive)
    .option("--auxiliary-block <n>", "train a second head on what this block puts out, from 0; both losses are logged", wholeNumber(0))
    .option("--auxiliary-weight <x>", "what its loss counts (default: 0.3)", nonNegative)
    .option("--mixup <alpha>", "mix pictures by Beta(alpha, alpha)", nonNegative, 0)
    .option("--cutmix <alpha>", "paste a box of another picture, its share by Beta(alpha, alpha)", nonNegative, 0)
    .option("--rand-augment <layers,magnitude>", "random changes of colour and shape, such as 2,10", randAugment)
    .option("--no-flip", "do not mirror pictures (mnist: never mirrored)")
    .addOption(normalisationOption())
    .option("--freeze <places>", "weights that stay as they are, such as backbone or backbone/blocks/0", names)
    .option("--seed <n>", "seed of every draw", wholeNumber(0), 0);
}

function addRunFlags(command: Command): Command {
  return command
    .option("--evaluate-every <n>", "steps (default: a tenth of all)", wholeNumber(1))
    .option("--checkpoint-every <n>", "steps (default: a tenth of all)", wholeNumber(1))
    .addOption(threadsOption())
    .option("--ranks <n>", "processes that train together on this machine, over Open MPI; on several machines use mpirun", wholeNumber(1))
    .option("--out <folder>", "where run folders go", "runs")
    .option("--name <name>", "name of the run folder", "flexible")
    .option("--resume", "go on with the run of this name; its flags must be the same")
    .option("--allow-changes <keys>", "what may differ on --resume, as named in the run's config.json, such as optimizer.learningRate", names)
    .option("--strict", "refuse damaged pictures instead of leaving them out")
    .option("--json", "print the result as JSON");
}
