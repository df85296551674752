import { countCorrect } from "@flexivit/classify";
import { evaluationBatches, type ImageSource } from "@flexivit/data";
import { formatScheme, gridOf, type PatchScheme, type Remainder } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, type ClassifierModel } from "./model.ts";

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

/**
 * The accuracy of a model at one patch scheme over all pictures of a source.
 *
 * @param source pictures with the model's classes in the model's order
 */
export async function accuracyAt(
  { params, info }: ClassifierModel,
  source: ImageSource,
  scheme: PatchScheme,
  { batchSize = 250, remainder }: { batchSize?: number; remainder?: Remainder } = {},
): Promise<Accuracy> {
  const started = performance.now();
  let correct = 0;
  for await (const batch of evaluationBatches(source, { batchSize, imageSize: info.imageSizePx, framing: info.framing })) {
    const logits = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(batch.images, batch.shape), { scheme, remainder }));
    correct += await countCorrect(logits, batch.labels);
    logits.dispose();
  }
  const { gridHeight, gridWidth } = gridOf(scheme, info.imageSizePx, remainder);
  return {
    patchSize: formatScheme(scheme),
    tokens: gridHeight * gridWidth,
    accuracy: correct / source.size,
    pictures: source.size,
    imagesPerSecond: (1000 * source.size) / (performance.now() - started),
  };
}
