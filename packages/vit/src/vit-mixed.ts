import { axes } from "@flexivit/axes";
import type { MixedFeatures } from "@flexivit/features";
import * as tf from "@tensorflow/tfjs-core";
import { checkVitParams } from "./check-params.ts";
import type { VitConfig } from "./config.ts";
import { embedImages } from "./embed.ts";
import type { VitParams } from "./params.ts";
import { scoreMask, type PatchMask } from "./pool.ts";
import { prefixLengths } from "./prefix.ts";
import { checkBlockNames, encode, type VitOptions } from "./vit.ts";

/**
 * {@link vit} on images of different sizes in one run: every image gives what it gives alone.
 *
 * Tokens are padded to the longest image and the padding is hidden from attention and pooling. The work is that of the
 * longest image for each, so batches of similar sizes waste least.
 *
 * @param images one or more tensors [images, height, width, channels] in [-1, 1], each of a size of its own; the batch is all of
 *   their images in order
 * @param options as of `vit`; the one scheme cuts all images
 * @returns `tokens` [batch, patches, dim] with `mask` [batch, patches], which is 0 where a token is padding and means nothing,
 *   `grids` per image, `pooled` [batch, dim] and the rest as of `vit`
 * @throws where `vit` does, and when there are no images
 * Source: arXiv 2307.06304 section 2.1 masks padding the same way; we pad where it packs.
 */
export function vitMixed(params: VitParams, config: VitConfig, images: readonly tf.Tensor4D[], options: VitOptions): MixedFeatures {
  if (images.length === 0) throw new Error("vitMixed(images): expected one or more tensors of images, got none. Leave empty batches out.");
  for (const [index, each] of images.entries()) {
    axes(each, `vitMixed(images[${index}])`, "images height width channels", { channels: config.channels });
  }
  checkVitParams(params, config, "vitMixed");
  checkBlockNames(options.blocks ?? [], config.depth, "vitMixed");
  return tf.tidy(() => {
    const embedded = images.map((each) => embedImages(params, config, each, options));
    const patches = Math.max(...embedded.map(({ tokens }) => tokens.shape[1]));
    const padded = embedded.map(({ tokens }) => tf.pad(tokens, [[0, 0], [0, patches - tokens.shape[1]], [0, 0]]));
    const lengths = embedded.flatMap(({ tokens: { shape: [batch, length] } }) => Array<number>(batch).fill(length));
    const mask = maskOf(lengths, patches);
    const scores = scoreMask(withPrefixMask(config, mask));
    const features = encode(params, config, tf.concat(padded, 0), options, { patches: mask, scores });
    const grids = embedded.flatMap(({ tokens, grid }) => Array.from({ length: tokens.shape[0] }, () => grid));
    return { ...features, mask, grids };
  });
}

/** [batch, patches]: 1 for the first `length` tokens of each image, 0 for the rest. */
function maskOf(lengths: readonly number[], patches: number): PatchMask {
  const values = lengths.flatMap((length) => Array.from({ length: patches }, (_, index) => (index < length ? 1 : 0)));
  return tf.tensor2d(values, [lengths.length, patches], "float32");
}

/** [batch, tokens]: the mask of patches with a 1 for every token of no patch. */
function withPrefixMask(config: VitConfig, mask: PatchMask): tf.Tensor2D {
  const { before, after } = prefixLengths(config);
  return tf.pad(mask, [[0, 0], [before, after]], 1);
}
