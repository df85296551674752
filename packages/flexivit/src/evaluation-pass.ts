import type { PictureSource } from "@flexivit/data";
import { formatScheme, gridOf, type PatchScheme, type Remainder } from "@flexivit/patch-schemes";
import type { Figures } from "@flexivit/train";
import * as tf from "@tensorflow/tfjs-core";

/** How good a model is at one patch size. */
export type Evaluation = {
  /** Such as "12" or "12x10". */
  patchSize: string;
  /** Patches of a picture. */
  tokens: number;
  /** The task's figures, by name: `{ accuracy }`, `{ meanAveragePrecision, microF1, macroF1 }`, `{ mae, rmse, r2 }`, `{ AP, AP50, ... }`. */
  figures: Figures;
  pictures: number;
  imagesPerSecond: number;
};

export type EvaluateOptions = {
  /** Pictures at once, 250 of a classifier and 8 of other tasks unless given. */
  batchSize?: number;
  remainder?: Remainder;
  /** Aborting it throws its reason before the next batch. */
  signal?: AbortSignal;
};

/** Gathers the outputs of one evaluation and gives its figures. */
export type Meter<Outputs, Batch> = { add: (outputs: Outputs, batch: Batch) => Promise<void>; figures: () => Figures };

type Pass<Outputs, Batch> = {
  batches: AsyncIterable<Batch>;
  /** What the model says of a batch; its tensors are freed here. */
  outputs: (batch: Batch) => Outputs;
  meter: Meter<Outputs, Batch>;
  /** How many pictures there are in all. */
  pictures: number;
  imageSizePx: number;
};

/** The figures of one pass over all pictures, at one patch scheme. */
export async function evaluationPass<Outputs extends tf.TensorContainer, Batch>(
  { batches, outputs, meter, pictures, imageSizePx }: Pass<Outputs, Batch>,
  scheme: PatchScheme,
  { remainder, signal }: EvaluateOptions,
): Promise<Evaluation> {
  const { gridHeight, gridWidth } = gridOf(scheme, imageSizePx, remainder);
  const started = performance.now();
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const said = tf.tidy(() => outputs(batch));
    await meter.add(said, batch).finally(() => tf.dispose(said));
    if (signal) await new Promise(setImmediate); // lets Ctrl-C in
  }
  const imagesPerSecond = (1000 * pictures) / (performance.now() - started);
  return { patchSize: formatScheme(scheme), tokens: gridHeight * gridWidth, figures: meter.figures(), pictures, imagesPerSecond };
}

/** Throws where a source has no pictures, or other classes or channels than a model; errors name the function `where`. */
export function checkSource(
  { classes, vit }: { classes: readonly string[]; vit: { channels: number } },
  source: PictureSource & { readonly classes: readonly string[] },
  where: string,
): void {
  if (source.size === 0) throw new Error(`${where}(source): expected at least 1 picture, got 0. Add test pictures.`);
  if (source.channels !== vit.channels) {
    throw new Error(`${where}(source): expected pictures with ${vit.channels} channels, as the model takes them, got ${source.channels}. Open the data with that many.`);
  }
  if (source.classes.join("\n") !== classes.join("\n")) {
    throw new Error(
      `${where}(source): expected the model's ${classes.length} classes (${listed(classes)}), got ${source.classes.length} (${listed(source.classes)}). ` +
        "Evaluate on data with the same classes.",
    );
  }
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")}, ...` : names.join(", ");
}
