import { convolve, gelu } from "@flexivit/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";
import { projectTiles, type Tiles } from "./embed-linear.ts";
import type { PatchEmbeddingParams } from "./params.ts";

/**
 * Each tile by itself through a 3x3 convolution, with zeros around the tile, and GELU; then times the resized kernel.
 *
 * @returns [batch, patches, dim]
 */
export function embedByCnn(params: PatchEmbeddingParams, config: VitConfig, { tiles, grid, patchSize }: Tiles): tf.Tensor3D {
  const [batch, patches] = tiles.shape;
  const pictures = tf.reshape(tiles, [batch * patches, ...patchSize, config.channels]) as tf.Tensor4D;
  const maps = gelu(convolve(params.convolution!, pictures, 1), config.activation);
  const flat = tf.reshape(maps, [batch, patches, maps.size / (batch * patches)]) as tf.Tensor3D;
  return projectTiles(params, config, { tiles: flat, grid, patchSize });
}
