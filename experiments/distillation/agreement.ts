import { evaluationBatches, type ImageSource } from "@flexivit/data";
import { agreement, agreementMatrix } from "@flexivit/distill";
import { parseScheme } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { classifierLogits, type ClassifierModel } from "flexivit";
import type { Config } from "./config.ts";

const batchSize = 250;

/** Share of the test pictures that student and teacher take for the same, at each patch size of the student. */
export async function agreementWith(teacher: ClassifierModel, student: ClassifierModel, test: ImageSource, { patchSizes, teacher: { patchSize, imageSizePx } }: Config): Promise<number[]> {
  const answers = await logitsOf(teacher, test, patchSize, imageSizePx);
  const shares: number[] = [];
  for (const size of patchSizes) {
    const logits = await logitsOf(student, test, size, student.info.imageSizePx);
    shares.push(await agreement(logits, answers));
    logits.dispose();
  }
  answers.dispose();
  return shares;
}

/** The same between every two patch sizes of one model: a row and a column per size. */
export async function agreementBetweenSizes(model: ClassifierModel, test: ImageSource, patchSizes: readonly string[]): Promise<number[][]> {
  const logits: tf.Tensor2D[] = [];
  for (const size of patchSizes) logits.push(await logitsOf(model, test, size, model.info.imageSizePx));
  const shares = await agreementMatrix(logits);
  tf.dispose(logits);
  return shares;
}

/** @returns [pictures, classes] */
async function logitsOf({ params, info }: ClassifierModel, test: ImageSource, patchSize: string, imageSize: number): Promise<tf.Tensor2D> {
  const scheme = parseScheme(patchSize);
  const parts: tf.Tensor2D[] = [];
  for await (const { images, shape } of evaluationBatches(test, { batchSize, imageSize, framing: info.framing, normalisation: info.normalisation })) {
    parts.push(tf.tidy(() => classifierLogits(params, info.vit, tf.tensor4d(images, shape), { scheme })));
  }
  const all = tf.concat2d(parts, 0);
  tf.dispose(parts);
  return all;
}
