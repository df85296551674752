import type { ParamTree } from "@flexivit/params";
import type { FileSource, FileTarget, WeightFile } from "./entry.ts";
import { type Metadata, parseMetadata, stringifyMetadata } from "./metadata.ts";
import { openWeights } from "./open-weights.ts";
import { entriesOf, readTree } from "./param-tree.ts";
import { writeTo } from "./safetensors.ts";

/** The note of the file's header that holds our JSON. */
export const note = "flexivit";

/**
 * Writes a tree of parameters as `.safetensors`, each leaf under its path ("blocks/0/attention/query/kernel"), bit for
 * bit.
 *
 * @param metadata plain JSON kept beside them, such as the model's config
 * @throws where the metadata are not plain JSON: NaN and infinities have no form there
 */
export async function saveParams(target: FileTarget, params: ParamTree, metadata: Metadata = {}): Promise<void> {
  const notes = { format: "flexivit-params", [note]: stringifyMetadata(metadata, "saveParams") };
  await writeTo(target, entriesOf(params, "saveParams"), notes, "saveParams");
}

/**
 * Reads a tree of parameters and its metadata from `.safetensors` or `.npz`, told apart by content.
 *
 * Names are split at "/"; names 0, 1, 2, ... make an array. A file without metadata of ours gives `{}`. The caller
 * disposes the tree.
 */
export async function loadParams(file: FileSource): Promise<{ params: ParamTree; metadata: Metadata }> {
  const weights = await openWeights(file, "loadParams");
  const metadata = ownMetadata(weights, "loadParams");
  return { params: await readTree(weights.entries, "loadParams"), metadata };
}

/** The JSON that writers of ours keep beside the weights; `{}` where there is none. */
export function ownMetadata({ metadata }: WeightFile, reader: string): Metadata {
  const text = metadata[note];
  return text === undefined ? {} : parseMetadata(text, reader);
}
