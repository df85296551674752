import { Command } from "commander";
import { topClasses } from "@flexivit/classify";
import { evaluationBatches, fileSource } from "@flexivit/data";
import { useEngine } from "@flexivit/engine";
import { parseScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, type ClassifierModel } from "../model.ts";
import { loadModel } from "../model-file.ts";
import { patchSizes, wholeNumber } from "./options.ts";
import { percent, printResult } from "./print.ts";

type PredictFlags = { checkpoint: string; patchSize?: string[]; top: number; json?: boolean };
type Prediction = { file: string; patchSize: string; classes: { name: string; probability: number }[] };

/** `flexivit predict`: the most probable classes of pictures. */
export function predictCommand(): Command {
  return new Command("predict")
    .description("Print the most probable classes of pictures, at one or several patch sizes")
    .argument("<pictures...>", "picture files (JPEG, PNG, WebP, ...)")
    .requiredOption("--checkpoint <file>", "model.safetensors of a run")
    .option("--patch-size <list>", "one size or several, such as 12 or 24,12,12x10 (default: the finest it was trained at)", patchSizes)
    .option("--top <n>", "how many classes", wholeNumber(1), 5)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  flexivit predict --checkpoint runs/flexible/model.safetensors --patch-size 12,4 shoe.jpg")
    .action(predict);
}

async function predict(files: string[], flags: PredictFlags): Promise<void> {
  await useEngine();
  const model = await loadModel(flags.checkpoint);
  const sizes = flags.patchSize ?? [model.info.patchSizes.at(-1)!];
  const predictions: Prediction[] = [];
  for (const patchSize of sizes) predictions.push(...(await predictFiles(model, files, patchSize, flags.top)));
  printResult(flags.json, predictions, () => predictions.map(predictionText).join("\n"));
}

async function predictFiles({ params, info }: ClassifierModel, files: string[], patchSize: string, top: number): Promise<Prediction[]> {
  const channels = info.vit.channels as 1 | 3;
  const source = fileSource({ files, labels: files.map(() => 0), classes: info.classes, channels });
  const predictions: Prediction[] = [];
  for await (const batch of evaluationBatches(source, { batchSize: 32, imageSize: info.imageSizePx, framing: info.framing })) {
    const scheme = parseScheme(patchSize);
    const logits = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(batch.images, batch.shape), { scheme }));
    const best = await topClasses(logits, top);
    logits.dispose();
    for (const [row, classes] of best.entries()) {
      const named = classes.map(({ class: index, probability }) => ({ name: info.classes[index], probability }));
      predictions.push({ file: files[batch.indices[row]], patchSize, classes: named });
    }
  }
  return predictions;
}

function predictionText({ file, patchSize, classes }: Prediction): string {
  const list = classes.map(({ name, probability }) => `${name} ${percent(probability)}`).join(", ");
  return `${file} at patch size ${patchSize}: ${list}`;
}
