import { evaluationBatches, type ImageSource } from "@flexivit/data";
import { formatScheme, gridOf, type PatchScheme, type Remainder } from "@flexivit/patch-schemes";
import type { Figures } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, type ClassifierInfo, type ClassifierModel } from "./model.ts";
import { meterOf } from "./task.ts";

/** How good a model is at one patch size. */
export type Evaluation = {
  /** Such as "12" or "12x10". */
  patchSize: string;
  /** Patches of a picture. */
  tokens: number;
  /** The task's figures, by name: `{ accuracy }`, `{ meanAveragePrecision, microF1, macroF1 }` or `{ mae, rmse, r2 }`. */
  figures: Figures;
  pictures: number;
  imagesPerSecond: number;
};

export type EvaluateOptions = {
  /** Pictures at once, 250 unless given. */
  batchSize?: number;
  remainder?: Remainder;
  /** Aborting it throws its reason before the next batch. */
  signal?: AbortSignal;
};

/**
 * The figures of a model at one patch scheme over all pictures of a source.
 *
 * @param source pictures with the model's classes in the model's order
 * @throws where the source has other classes or channels, or the scheme does not fit the pictures.
 */
export async function evaluateAt(
  { params, info }: ClassifierModel,
  source: ImageSource,
  scheme: PatchScheme,
  { batchSize = 250, remainder, signal }: EvaluateOptions = {},
): Promise<Evaluation> {
  const { gridHeight, gridWidth } = gridOf(scheme, info.imageSizePx, remainder);
  checkSource(info, source);
  const started = performance.now();
  const meter = meterOf(info.task ?? "single-label", info.classes.length);
  for await (const batch of evaluationBatches(source, { batchSize, imageSize: info.imageSizePx, framing: info.framing, normalisation: info.normalisation })) {
    signal?.throwIfAborted();
    const outputs = tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(batch.images, batch.shape), { scheme, remainder }));
    await meter.add(outputs, batch).finally(() => outputs.dispose());
    if (signal) await new Promise(setImmediate); // lets Ctrl-C in
  }
  return {
    patchSize: formatScheme(scheme),
    tokens: gridHeight * gridWidth,
    figures: meter.figures(),
    pictures: source.size,
    imagesPerSecond: (1000 * source.size) / (performance.now() - started),
  };
}

function checkSource({ classes, vit }: ClassifierInfo, source: ImageSource): void {
  if (source.size === 0) throw new Error("evaluateAt(source): expected at least 1 picture, got 0. Add test pictures.");
  if (source.channels !== vit.channels) {
    throw new Error(`evaluateAt(source): expected pictures with ${vit.channels} channels, as the model takes them, got ${source.channels}. Open the data with that many.`);
  }
  if (source.classes.join("\n") !== classes.join("\n")) {
    throw new Error(
      `evaluateAt(source): expected the model's ${classes.length} classes (${listed(classes)}), got ${source.classes.length} (${listed(source.classes)}). ` +
        "Evaluate on data with the same classes.",
    );
  }
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")}, ...` : names.join(", ");
}
