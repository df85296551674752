import { loadParams, readMetadata, saveParams } from "@flexivit/checkpoint";
import type { ClassifierInfo, ClassifierModel, ClassifierWeights } from "./model.ts";

const format = "flexivit-classifier-1";

/** Writes a classifier to one `.safetensors` file, its configuration and class names included. */
export async function saveModel(file: string, { params, info }: ClassifierModel): Promise<void> {
  await saveParams(file, params, { format, info });
}

/**
 * Reads a classifier that `saveModel` or `flexivit train` wrote; its weights are the caller's to dispose.
 *
 * @throws where the file is missing, damaged or of another kind.
 */
export async function loadModel(file: string): Promise<ClassifierModel> {
  const info = await readModelInfo(file);
  const { params } = await loadParams(file);
  return { params: params as ClassifierWeights, info };
}

/**
 * What a classifier's file says beside the weights, which stay unread.
 *
 * @throws where the file is missing, damaged or of another kind.
 */
export async function readModelInfo(file: string): Promise<ClassifierInfo> {
  const metadata = await readMetadata(file);
  if (metadata["format"] === format) return metadata["info"] as ClassifierInfo;
  const got = metadata["format"] === undefined ? "a file without that note" : `format ${JSON.stringify(metadata["format"])}`;
  throw new Error(`loadModel(file): expected a classifier that flexivit train wrote (format ${format}), got ${got}: ${file}. Pass a model.safetensors of a run folder.`);
}
