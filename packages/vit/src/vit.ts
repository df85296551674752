import { axes } from "@flexivit/axes";
import type { BackboneOptions, Features } from "@flexivit/features";
import { checkpointed, type BlockPass } from "@flexivit/params";
import type { Remainder } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { block, norm, type BlockRun } from "./block.ts";
import { checkVitParams } from "./check-params.ts";
import type { VitConfig } from "./config.ts";
import { branchFactors } from "./drop-path.ts";
import { embedImages } from "./embed.ts";
import type { BlockParams, VitParams } from "./params.ts";
import { pool, type PatchMask } from "./pool.ts";
import { splitPrefix, withPrefix } from "./prefix.ts";

export type VitOptions = BackboneOptions & {
  /** Pixels that the last whole patch leaves over: refused unless given, or cropped at the bottom and right. */
  remainder?: Remainder;
  /**
   * Under a gradient, keep only the tokens between the blocks and run each block again in the backward pass: the same
   * numbers, about a fifth more time, far less memory. False unless given.
   */
  recompute?: boolean;
};

/**
 * A vision transformer at the patch scheme of this call: one set of weights for every patch size.
 *
 * images → tiles → tokens (the patch kernel resized to the scheme) + positions (resampled to the token grid), class token
 * and registers → blocks → last norm → pooled. Gradients pass through both resizes into the shared weights.
 *
 * @param params from {@link initVit} or a file
 * @param images [batch, height, width, channels] in [-1, 1]
 * @param options `scheme`; `remainder`; `blocks`: the blocks, by index ("0", "1", ...), whose outputs are wanted;
 *   `recompute`; while training `training: true`, `seed` and `step`, which decide what drop path skips
 * @returns `tokens` [batch, patches, dim] after the last norm (before it where `normPlace` is "pooled"), `pooled`
 *   [batch, dim], `grid`; where there are such tokens `classToken` [batch, dim] and `prefix` [batch, prefix, dim]; in
 *   `blocks` what was asked for. With pooling "tok" and the norm on the tokens, `pooled` is the tensor of `classToken`
 * @throws when weights and config, or images and scheme, do not fit, or a block does not exist.
 * Source: arXiv 2212.08013 section 3; big_vision `models/proj/flexi/vit.py`; the rest timm `vision_transformer.py`.
 */
export function vit(params: VitParams, config: VitConfig, images: tf.Tensor4D, options: VitOptions): Features {
  axes(images, "vit(images)", "batch height width channels", { channels: config.channels });
  checkVitParams(params, config, "vit");
  checkBlockNames(options.blocks ?? [], config.depth, "vit");
  return tf.tidy(() => {
    const { tokens, grid } = embedImages(params, config, images, options);
    return { ...encode(params, config, tokens, options), grid };
  });
}

/** What {@link encode} needs to know about padding: of patch tokens for pooling, of all tokens for attention. */
export type Padding = { patches: PatchMask; scores: tf.Tensor4D };

/**
 * Features of embedded patches: prefix, blocks, last norm, pooling.
 *
 * @param patches [batch, patches, dim], disposed on the way: call it in the tidy that made them
 */
export function encode(
  params: VitParams,
  config: VitConfig,
  patches: tf.Tensor3D,
  options: VitOptions,
  padding?: Padding,
): Omit<Features, "grid"> {
  const wanted = new Set(options.blocks);
  const blocks: Record<string, tf.Tensor3D> = {};
  let x = withPrefix(params, config, patches);
  for (const [index, blockParams] of params.blocks.entries()) {
    const before = x;
    const run: BlockRun = { mask: padding?.scores, ...branchFactors(config, index, x.shape[0], options) };
    x = runBlock(blockParams, config, before, run, options.recompute ?? false);
    if (wanted.has(String(index))) blocks[index] = x;
    if (!wanted.has(String(index - 1))) before.dispose(); // else a deep model would hold every block's output at once
  }
  const normOfTokens = config.normPlace === "tokens";
  const split = splitPrefix(config, normOfTokens ? norm(params.norm, config, x) : tf.clone(x));
  const pooled = pool(params.pool, config, split, padding?.patches);
  return { ...split, pooled: normOfTokens ? pooled : norm(params.norm, config, pooled), blocks };
}

function runBlock(params: BlockParams, config: VitConfig, x: tf.Tensor3D, run: BlockRun, recompute: boolean): tf.Tensor3D {
  if (!recompute) return block(params, config, x, run);
  const f = (weights: BlockParams, { x, ...run }: BlockRun & { x: tf.Tensor3D }, { gradientOnly }: BlockPass): tf.Tensor3D =>
    block(weights, config, x, { ...run, gradientOnly });
  return checkpointed(f, params, { ...run, x });
}

/** Throws where a block is asked for that the model does not have. */
export function checkBlockNames(names: readonly string[], depth: number, where: string): void {
  const known = Array.from({ length: depth }, (_, index) => String(index));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new Error(`${where}(options.blocks): expected some of ${known.join(", ")}, got "${unknown}". Name blocks by their index, from 0.`);
}
