import { residual } from "@flexivit/ops";
import type * as tf from "@tensorflow/tfjs-core";
import { tokenAttention } from "./attention.ts";
import type { VitConfig } from "./config.ts";
import { projectTiles, type Tiles } from "./embed-linear.ts";
import type { PatchEmbeddingParams } from "./params.ts";

/**
 * Tiles times the resized kernel, plus self-attention across the tiles of an image: y + attention(y), y = tiles kernel + bias.
 *
 * Positions come afterwards, so here a tile sees what others hold and not where they are.
 *
 * @returns [batch, patches, dim]
 */
export function embedByAttention(params: PatchEmbeddingParams, config: VitConfig, heads: number, tiles: Tiles): tf.Tensor3D {
  const projected = projectTiles(params, config, tiles);
  return residual(projected, tokenAttention(params.attention!, projected, { heads }));
}
