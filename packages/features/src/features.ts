import type * as tf from "@tensorflow/tfjs-core";

/** Patches per side: an image is cut into `gridHeight * gridWidth` patches, row by row. */
export type Grid = { gridHeight: number; gridWidth: number };

/** What a backbone over patches gives to a head or to a distillation loss. */
export type Features = {
  /** [batch, patches, dim]: patch tokens after the last norm, without prefix tokens, row by row of the grid. */
  tokens: tf.Tensor3D;
  /** The grid that `tokens` came from: `patches = gridHeight * gridWidth`. */
  grid: Grid;
  /** [batch, dim]: class token after the last norm, where the backbone has one. */
  classToken?: tf.Tensor2D;
  /** [batch, prefix, dim]: all prefix tokens after the last norm (class token, then registers), where there are any. */
  prefix?: tf.Tensor3D;
  /** [batch, dim]: one vector per image, pooled as the backbone was trained (mean, class token or attention). */
  pooled: tf.Tensor2D;
  /** [batch, tokens, dim] per block, before the last norm, prefix tokens first unless the backbone has its class token last; only the blocks that `options.blocks` names. */
  blocks: Record<string, tf.Tensor3D>;
};

/**
 * Features of images of different sizes that were run together.
 *
 * Patch tokens are padded at the end to the longest image: entries of `tokens` and `blocks` beyond an image's own patches
 * mean nothing. `pooled`, `classToken` and `prefix` are what each image gives alone.
 */
export type MixedFeatures = Omit<Features, "grid"> & {
  /** [batch, patches]: 1 where a token is of the image, 0 where it is padding. */
  mask: tf.Tensor2D;
  /** The grid of each image. */
  grids: readonly Grid[];
};

/** Height and width, in pixels. */
export type SizePx = readonly [height: number, width: number];

/** How to run a backbone on one batch. */
export type BackboneOptions = {
  /** How the images are cut: patch size and stride, in pixels. Stride = size: patches side by side. */
  scheme: { readonly patchSize: SizePx; readonly stride: SizePx };
  /** Names of the blocks whose output is wanted in `Features.blocks`; none unless asked for. */
  blocks?: readonly string[];
  /** True in a training step: dropout and drop path are on. False unless given. */
  training?: boolean;
  /** Seed of whatever the backbone draws while training. */
  seed?: number;
  /** Training step, from 0: with the seed it decides every draw, so a resumed run draws the same. */
  step?: number;
};

/**
 * A backbone: a pure function of parameters, images [batch, height, width, channels] in [-1, 1] and options.
 *
 * Heads and distillation ask for this and for `Features`, never for a named model, so any network
 * over patches fits. What it returns is the caller's to dispose.
 */
export type Backbone<Params> = (params: Params, images: tf.Tensor4D, options: BackboneOptions) => Features;
