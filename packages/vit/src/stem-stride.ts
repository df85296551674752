import type { Embedder } from "./config.ts";

/** Pixels of the image per cell of the feature map that an embedder tiles: 1 unless convolutions come first, each of stride 2. */
export function stemStrideOf(embedder: Embedder): number {
  if (embedder.kind === "conv-stem") return 2 ** embedder.channels.length;
  return embedder.kind === "hybrid" ? 2 ** embedder.stages.length : 1;
}
