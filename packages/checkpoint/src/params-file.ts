import type { ParamTree } from "@flexivit/params";
import { openBytes } from "./byte-source.ts";
import type { FileSource, FileTarget, WeightFile } from "./entry.ts";
import { type Metadata, parseMetadata, stringifyMetadata } from "./metadata.ts";
import { readNpz } from "./npz.ts";
import { entriesOf, readTree } from "./param-tree.ts";
import { readSafetensors, writeTo } from "./safetensors.ts";

/** The note of the file's header that holds our JSON. */
const note = "flexivit";

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
  const weights = await readWeights(file, "loadParams");
  const metadata = ownMetadata(weights, "loadParams");
  return { params: await readTree(weights.entries, "loadParams"), metadata };
}

/** The metadata that {@link loadParams} gives, without reading a parameter. */
export async function readMetadata(file: FileSource): Promise<Metadata> {
  return ownMetadata(await readWeights(file, "readMetadata"), "readMetadata");
}

function ownMetadata({ metadata }: WeightFile, reader: string): Metadata {
  const text = metadata[note];
  return text === undefined ? {} : parseMetadata(text, reader);
}

/** A zip archive begins with "PK"; a `.safetensors` header of that length would be 19 KB of a file that is not one. */
async function readWeights(file: FileSource, reader: string): Promise<WeightFile> {
  const source = await openBytes(file, reader);
  const [first, second] = await source.read(0, Math.min(2, source.size));
  return first === 0x50 && second === 0x4b ? await readNpz(file) : await readSafetensors(file);
}
