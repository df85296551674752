import type { ImageSource } from "@flexivit/data";
import { parseScheme } from "@flexivit/patch-schemes";
import type { KernelResize } from "@flexivit/pi-resize";
import { evaluateAt, type ClassifierModel } from "flexivit";

export type AccuracyOptions = {
  /** Height and width of the pictures; those of the training unless given. */
  imageSizePx?: number;
  /** Resize of the patch kernel; the model's own unless given. */
  kernelResize?: KernelResize;
  signal?: AbortSignal;
};

/** Share of the test pictures that a model takes for what they are, at a patch size; 0 to 1. */
export async function accuracyAt({ params, info }: ClassifierModel, test: ImageSource, patchSize: string, { imageSizePx = info.imageSizePx, kernelResize = info.vit.kernelResize, signal }: AccuracyOptions = {}): Promise<number> {
  const model: ClassifierModel = { params, info: { ...info, imageSizePx, vit: { ...info.vit, kernelResize } } };
  return (await evaluateAt(model, test, parseScheme(patchSize), { signal })).figures["accuracy"];
}

/** The same at several patch sizes. */
export async function accuraciesAt(model: ClassifierModel, test: ImageSource, patchSizes: readonly string[], options?: AccuracyOptions): Promise<number[]> {
  const values: number[] = [];
  for (const patchSize of patchSizes) values.push(await accuracyAt(model, test, patchSize, options));
  return values;
}
