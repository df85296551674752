import type { Command } from "commander";

/** A command by name: what it does, and the module that defines its options and runs it. */
type Entry = { name: string; description: string; load: () => Promise<Command> };

/**
 * The commands, in the order of the help.
 *
 * A module comes with all that its command needs, such as the decoding of pictures, so it is loaded only for its own
 * command: others start sooner and in less memory.
 */
export const commands: readonly Entry[] = [
  {
    name: "train",
    description: "Train a classifier, a detector, a segmenter or a depth model that works at every patch size",
    load: async () => (await import("./commands/train.ts")).trainCommand(),
  },
  {
    name: "evaluate",
    description: "Print how good a trained model is at each patch size, also at sizes that it was not trained at",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand(),
  },
  {
    name: "predict",
    description: "Print what a model says of pictures at one or several patch sizes: classes, numbers, objects, or a class or a depth per pixel",
    load: async () => (await import("./commands/predict.ts")).predictCommand(),
  },
  {
    name: "forward",
    description: "Run a weight file of big_vision (.npz), timm, Hugging Face or flexivit (.safetensors) on images and write tokens, pooled and logits",
    load: async () => (await import("./commands/forward.ts")).forwardCommand(),
  },
  {
    name: "convert",
    description: "Convert weights between big_vision, timm, Hugging Face and flexivit; make a fixed model flexible",
    load: async () => (await import("./commands/convert.ts")).convertCommand(),
  },
  {
    name: "resize",
    description: "Resize a patch-embedding kernel, as a model does at each call",
    load: async () => (await import("./commands/resize.ts")).resizeCommand(),
  },
  {
    name: "covariance",
    description: "Estimate the covariance of patches from pictures, for flexivit train --covariance, and show what it gains",
    load: async () => (await import("./commands/covariance.ts")).covarianceCommand(),
  },
  {
    name: "bench",
    description: "Time a forward pass or an AdamW training step (mean pooling, no class token, 1000 classes, float32)",
    load: async () => (await import("./commands/bench.ts")).benchCommand(),
  },
  {
    name: "sync",
    description: "Send what Weights & Biases does not have yet of a run, and tell how far the run is there",
    load: async () => (await import("./commands/sync.ts")).syncCommand(),
  },
  {
    name: "engine",
    description: "Show which engine runs and why; `engine install` builds the native one",
    load: async () => (await import("./commands/engine.ts")).engineCommand(),
  },
];
