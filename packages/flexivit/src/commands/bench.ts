import { classificationLoss, labelTargets } from "@flexivit/classify";
import { memoryUse, useEngine } from "@flexivit/engine";
import { adamw, applyUpdates } from "@flexivit/optim";
import { gridOf, parseScheme, type PatchScheme } from "@flexivit/patch-schemes";
import { valueAndGradients } from "@flexivit/params";
import { random } from "@flexivit/random";
import { vitConfig, vitVariants, type VitConfig, type VitVariant } from "@flexivit/vit";
import * as tf from "@tensorflow/tfjs-core";
import { Command, Option } from "commander";
import { classifierLogits, initClassifierWeights, type ClassifierWeights } from "../model.ts";
import { patchSize, threadsOption, wholeNumber } from "./options.ts";
import { printResult } from "./print.ts";

type BenchFlags = { variant: VitVariant; patchSize: string; imageSize: number; batchSize: number; mode: "forward" | "train"; repeats: number; threads?: number; json?: boolean };
type Setting = { params: ClassifierWeights; config: VitConfig; images: tf.Tensor4D; targets: tf.Tensor2D; scheme: PatchScheme };

const classes = 1000;

/** `flexivit bench`: milliseconds and peak memory of a forward pass or a training step. */
export function benchCommand(): Command {
  return new Command("bench")
    .addOption(new Option("--variant <name>", "size of the model").choices(Object.keys(vitVariants)).default("S"))
    .option("--patch-size <size>", "patch size, such as 16 or 12x10", patchSize, "16")
    .option("--image-size <px>", "height and width", wholeNumber(1), 240)
    .option("--batch, --batch-size <n>", "pictures per step", wholeNumber(1), 8)
    .addOption(new Option("--mode <mode>", "what is timed").choices(["forward", "train"]).default("forward"))
    .option("--repeats <n>", "timed repeats after one warm-up", wholeNumber(1), 5)
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  flexivit bench --variant S --patch-size 16 --image-size 240 --batch-size 8 --mode train --repeats 5")
    .action(bench);
}

async function bench(flags: BenchFlags): Promise<void> {
  gridOf(parseScheme(flags.patchSize), flags.imageSize); // refused before an engine starts
  const engine = await useEngine({ threads: flags.threads });
  const setting = settingOf(flags);
  const once = flags.mode === "forward" ? () => forward(setting) : trainer(setting);
  await once(); // warm-up
  const milliseconds: number[] = [];
  for (let i = 0; i < flags.repeats; i++) {
    const started = performance.now();
    await once();
    milliseconds.push(performance.now() - started);
  }
  const { peakBytes } = memoryUse();
  const { variant, patchSize, imageSize, batchSize: batch, mode } = flags;
  const result = { variant, patchSize, imageSize, batch, mode, milliseconds, peakMemoryBytes: peakBytes, engine };
  printResult(flags.json, result, () => {
    const median = milliseconds.toSorted((a, b) => a - b)[Math.floor(milliseconds.length / 2)];
    const rate = (1000 * batch) / median;
    return `${mode} of ViT-${variant}/${patchSize} at ${imageSize} px, batch ${batch}, on ${engine.name}: median ${median.toFixed(0)} ms (${rate.toFixed(1)} images/s), peak memory ${(peakBytes / 2 ** 30).toFixed(2)} GiB`;
  });
}

/** A model whose stored sizes are those of the patch size, and random pictures. */
function settingOf({ variant, patchSize, imageSize, batchSize }: BenchFlags): Setting {
  const scheme = parseScheme(patchSize);
  const { gridHeight, gridWidth } = gridOf(scheme, imageSize);
  const config = vitConfig(variant, { patchSize: scheme.patchSize, positionGrid: [gridHeight, gridWidth] });
  const pixels = new Float32Array(batchSize * imageSize * imageSize * config.channels);
  const stream = random(0, "bench pictures");
  stream.fillUniform(pixels, -1, 1);
  return {
    params: initClassifierWeights(config, classes, 0, 0),
    config,
    images: tf.tensor4d(pixels, [batchSize, imageSize, imageSize, config.channels]),
    targets: labelTargets(Array.from({ length: batchSize }, () => stream.integer(classes)), classes),
    scheme,
  };
}

async function forward({ params, config, images, scheme }: Setting): Promise<void> {
  const logits = classifierLogits(params, config, images, { scheme });
  await logits.data();
  logits.dispose();
}

function trainer({ params, config, images, targets, scheme }: Setting): () => Promise<void> {
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 1e-4 });
  let state: Parameters<typeof applyUpdates<ClassifierWeights>>[1] = { params, slots: {} };
  let count = 0;
  return async () => {
    const { value, gradients } = valueAndGradients(
      (weights) => classificationLoss(classifierLogits(weights, config, images, { scheme }), targets),
      state.params,
    );
    state = applyUpdates(optimizer, state, gradients, { count: count++, schedule: 1 });
    await value.data();
    await state.params.head.kernel.data(); // the update is done
    value.dispose();
  };
}
