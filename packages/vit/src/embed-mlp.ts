import { mlp } from "@flexivit/ops";
import type * as tf from "@tensorflow/tfjs-core";
import type { VitConfig } from "./config.ts";
import { flatKernel, type Tiles } from "./embed-linear.ts";
import type { PatchEmbeddingParams } from "./params.ts";

/**
 * Tiles through a perceptron of one hidden layer: gelu(tiles kernel + bias) output, the kernel resized to the tiles.
 *
 * @returns [batch, patches, dim]
 */
export function embedMlp({ kernel, bias, output }: PatchEmbeddingParams, config: VitConfig, { tiles, patchSize }: Tiles): tf.Tensor3D {
  return mlp({ hidden: { kernel: flatKernel(kernel, config, patchSize), bias }, output: output! }, tiles, config.activation);
}
