import { evaluationBatches, subset, type Batch } from "@flexivit/data";
import { topClasses } from "@flexivit/classify";
import { parseScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { evaluateAt, classifierLogits, type ClassifierModel, type DataSets } from "flexivit";
import type { Config } from "./config.ts";

/** A model's accuracy at every patch size. */
export type Curve = { name: string; trainedAt?: string; accuracies: number[] };

/** What a test picture was taken for by the flexible model, per patch size. */
export type Guess = { truth: string; guesses: { patchSize: string; name: string; probability: number }[] };

export type Comparison = { seed: number; curves: Curve[]; pictures: Batch; guesses: Guess[] };

/** How many test pictures are shown with their predictions. */
const shownPictures = 12;

/** Evaluates every model at every patch size, fixed ones by PI-resize off their own size. */
export async function compare(
  config: Config,
  data: DataSets,
  models: readonly { name: string; trainedAt?: string; model: ClassifierModel }[],
  seed: number,
): Promise<Comparison> {
  const schemes = config.patchSizes.map(parseScheme);
  const curves: Curve[] = [];
  for (const { name, trainedAt, model } of models) {
    const accuracies: number[] = [];
    for (const scheme of schemes) accuracies.push((await evaluateAt(model, data.test, scheme)).figures.accuracy);
    curves.push({ name, trainedAt, accuracies });
  }
  return { seed, curves, ...(await showGuesses(config, data, models[0].model)) };
}

async function showGuesses(config: Config, { test }: DataSets, { params, info }: ClassifierModel): Promise<{ pictures: Batch; guesses: Guess[] }> {
  const first = subset(test, Array.from({ length: Math.min(shownPictures, test.size) }, (_, i) => i));
  const [pictures] = await Array.fromAsync(evaluationBatches(first, { batchSize: shownPictures, imageSize: info.imageSizePx, framing: info.framing }));
  const guesses: Guess[] = Array.from(pictures.labels, (label) => ({ truth: info.classes[label], guesses: [] }));
  for (const patchSize of config.patchSizes) {
    const scheme = parseScheme(patchSize);
    const logits = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(pictures.images, pictures.shape), { scheme }));
    for (const [row, [best]] of (await topClasses(logits, 1)).entries()) {
      guesses[row].guesses.push({ patchSize, name: info.classes[best.class], probability: best.probability });
    }
    logits.dispose();
  }
  return { pictures, guesses };
}
