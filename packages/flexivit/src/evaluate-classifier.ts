import { evaluationBatches, type ImageSource } from "@flexivit/data";
import type { PatchScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { checkSource, evaluationPass, type EvaluateOptions, type Evaluation } from "./evaluation-pass.ts";
import { classifierLogits, type ClassifierModel } from "./model.ts";
import { meterOf } from "./task.ts";

/**
 * The figures of a model at one patch scheme over all pictures of a source.
 *
 * @param source pictures with the model's classes in the model's order
 * @throws where the source has other classes or channels, or the scheme does not fit the pictures.
 */
export async function evaluateAt({ params, info }: ClassifierModel, source: ImageSource, scheme: PatchScheme, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { batchSize = 250, remainder } = options;
  const { imageSizePx, framing, normalisation } = info;
  checkSource(info, source, "evaluateAt");
  return evaluationPass(
    {
      batches: evaluationBatches(source, { batchSize, imageSize: imageSizePx, framing, normalisation }),
      outputs: ({ images, shape }) => classifierLogits(params, info.vit, tf.tensor4d(images, shape), { scheme, remainder }),
      meter: meterOf(info.task ?? "single-label", info.classes.length),
      pictures: source.size,
      imageSizePx,
    },
    scheme,
    options,
  );
}
