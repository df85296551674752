import { openBytes } from "./byte-source.ts";
import type { FileSource, WeightFile } from "./entry.ts";
import { readNpz } from "./npz.ts";
import { readSafetensors } from "./safetensors.ts";

/**
 * Opens `.safetensors` or `.npz`, told apart by content; `reader` is the public function that errors name.
 *
 * A zip archive begins with "PK"; a `.safetensors` header of that length would be 19 KB of a file that is not one.
 */
export async function openWeights(file: FileSource, reader: string): Promise<WeightFile & { name: string }> {
  const source = await openBytes(file, reader);
  const [first, second] = await source.read(0, Math.min(2, source.size));
  const weights = first === 0x50 && second === 0x4b ? await readNpz(file) : await readSafetensors(file);
  return { ...weights, name: source.name };
}
