import { countCorrect } from "@flexivit/classify";
import { evaluationBatches, type ImageSource } from "@flexivit/data";
import { formatScheme, gridOf, type PatchScheme, type Remainder } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, type ClassifierInfo, type ClassifierModel } from "./model.ts";

export type Accuracy = {
  /** Such as "12" or "12x10". */
  patchSize: string;
  /** Patches of a picture. */
  tokens: number;
  /** Share of the pictures whose label has the largest logit, 0 to 1. */
  accuracy: number;
  pictures: number;
  imagesPerSecond: number;
};

export type AccuracyOptions = {
  /** Pictures at once, 250 unless given. */
  batchSize?: number;
  remainder?: Remainder;
  /** Aborting it throws its reason before the next batch. */
  signal?: AbortSignal;
};

/**
 * The accuracy of a model at one patch scheme over all pictures of a source.
 *
 * @param source pictures with the model's classes in the model's order
 * @throws where the source has other classes or channels, or the scheme does not fit the pictures.
 */
export async function accuracyAt(
  { params, info }: ClassifierModel,
  source: ImageSource,
  scheme: PatchScheme,
  { batchSize = 250, remainder, signal }: AccuracyOptions = {},
): Promise<Accuracy> {
  const { gridHeight, gridWidth } = gridOf(scheme, info.imageSizePx, remainder);
  checkSource(info, source);
  const started = performance.now();
  let correct = 0;
  for await (const batch of evaluationBatches(source, { batchSize, imageSize: info.imageSizePx, framing: info.framing })) {
    signal?.throwIfAborted();
    const logits = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(batch.images, batch.shape), { scheme, remainder }));
    correct += await countCorrect(logits, batch.labels);
    logits.dispose();
    if (signal) await new Promise(setImmediate); // lets Ctrl-C in
  }
  return {
    patchSize: formatScheme(scheme),
    tokens: gridHeight * gridWidth,
    accuracy: correct / source.size,
    pictures: source.size,
    imagesPerSecond: (1000 * source.size) / (performance.now() - started),
  };
}

function checkSource({ classes, vit }: ClassifierInfo, source: ImageSource): void {
  if (source.size === 0) throw new Error("accuracyAt(source): expected at least 1 picture, got 0. Add test pictures.");
  if (source.channels !== vit.channels) {
    throw new Error(`accuracyAt(source): expected pictures with ${vit.channels} channels, as the model takes them, got ${source.channels}. Open the data with that many.`);
  }
  if (source.classes.join("\n") !== classes.join("\n")) {
    throw new Error(
      `accuracyAt(source): expected the model's ${classes.length} classes (${listed(classes)}), got ${source.classes.length} (${listed(source.classes)}). ` +
        "Evaluate on data with the same classes.",
    );
  }
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")}, ...` : names.join(", ");
}
