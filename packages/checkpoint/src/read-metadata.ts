import type { FileSource } from "./entry.ts";
import type { Metadata } from "./metadata.ts";
import { openWeights } from "./open-weights.ts";
import { ownMetadata } from "./params-file.ts";

/** What `saveParams` or `saveVit` was given beside the weights, of which none is read; `{}` for files of others. */
export async function readMetadata(file: FileSource): Promise<Metadata> {
  return ownMetadata(await openWeights(file, "readMetadata"), "readMetadata");
}
