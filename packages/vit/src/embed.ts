import { axes } from "@flexivit/axes";
import type { Grid } from "@flexivit/features";
import { formatScheme, gridOf, type PatchScheme, type Remainder, type Size } from "@flexivit/patch-schemes";
import * as tf from "@tensorflow/tfjs-core";
import { checkVitParams } from "./check-params.ts";
import type { VitConfig } from "./config.ts";
import { embedByAttention } from "./embed-attention.ts";
import { embedPerPosition, projectTiles, type Tiles } from "./embed-linear.ts";
import { embedMlp } from "./embed-mlp.ts";
import { embedByCnn } from "./embed-tile-cnn.ts";
import type { PatchEmbeddingParams, VitParams } from "./params.ts";
import { positionsAt } from "./positions.ts";
import { stemStrideOf } from "./stem-stride.ts";
import { stem } from "./stem.ts";
import { tiles } from "./tiles.ts";

/** How images are cut into tiles: patch size and stride in pixels, and what becomes of pixels left over. */
export type Cut = { scheme: PatchScheme; remainder?: Remainder };

/** Tokens of patches, [batch, patches, dim], and the grid they came from. */
export type Embedded = { tokens: tf.Tensor3D; grid: Grid };

/**
 * The tokens that enter the first block, without class token and registers: tiles through the embedder with its kernel
 * resized to the scheme, plus their positions.
 *
 * @param images [batch, height, width, channels] in [-1, 1]
 * @returns `tokens` [batch, patches, dim] and the grid they came from
 * @throws when weights and config, or images and scheme, do not fit.
 */
export function embed(params: VitParams, config: VitConfig, images: tf.Tensor4D, cut: Cut): Embedded {
  axes(images, "embed(images)", "batch height width channels", { channels: config.channels });
  checkVitParams(params, config, "embed");
  return embedImages(params, config, images, cut);
}

/** {@link embed} without its checks. */
export function embedImages(params: VitParams, config: VitConfig, images: tf.Tensor4D, cut: Cut): Embedded {
  return tf.tidy(() => {
    const cells = tilesOf(params.patchEmbedding, config, images, cut);
    const tokens = embedTiles(params.patchEmbedding, config, cells);
    const positions = positionsAt(params.positions, config, cells.grid); // [patches, dim]
    return { tokens: positions ? tf.add(tokens, positions) : tokens, grid: cells.grid };
  });
}

/** The tiles of the images, or of their feature map where a stem comes first. */
function tilesOf({ stages }: PatchEmbeddingParams, config: VitConfig, images: tf.Tensor4D, { scheme, remainder = "error" }: Cut): Tiles {
  const { patchSize } = scheme;
  if (stages === undefined) return { ...tiles(images, scheme, remainder), patchSize };
  const inCells = schemeInCells(scheme, stemStrideOf(config.embedder));
  const map = stem(stages, config, cropped(images, scheme, gridOf(scheme, [images.shape[1], images.shape[2]], remainder)));
  return { ...tiles(map, inCells, "error"), patchSize: inCells.patchSize };
}

/** The scheme in cells of a feature map, each of `cell` pixels a side. */
function schemeInCells({ patchSize, stride }: PatchScheme, cell: number): PatchScheme {
  if ([...patchSize, ...stride].some((side) => side % cell !== 0)) {
    const nearest = (sides: Size): Size => [Math.max(1, Math.round(sides[0] / cell)) * cell, Math.max(1, Math.round(sides[1] / cell)) * cell];
    throw new Error(
      `embed(scheme): expected patch sizes and strides that are multiples of the stem's ${cell} pixels, got ${formatScheme({ patchSize, stride })}. ` +
        `Use ${formatScheme({ patchSize: nearest(patchSize), stride: nearest(stride) })}, say.`,
    );
  }
  return { patchSize: [patchSize[0] / cell, patchSize[1] / cell], stride: [stride[0] / cell, stride[1] / cell] };
}

/** The images without the pixels that no patch covers, so that a stem does not see them either. */
function cropped(images: tf.Tensor4D, { patchSize, stride }: PatchScheme, { gridHeight, gridWidth }: Grid): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const covered = [(gridHeight - 1) * stride[0] + patchSize[0], (gridWidth - 1) * stride[1] + patchSize[1]];
  if (covered[0] === height && covered[1] === width) return images;
  return tf.slice(images, [0, 0, 0, 0], [batch, covered[0], covered[1], channels]);
}

/** [batch, patches, dim]: the tiles as tokens, by the kind of the embedder. */
function embedTiles(params: PatchEmbeddingParams, config: VitConfig, cells: Tiles): tf.Tensor3D {
  const { embedder } = config;
  switch (embedder.kind) {
    case "linear":
      return embedder.perPosition ? embedPerPosition(params, config, cells) : projectTiles(params, config, cells);
    case "conv-stem":
    case "hybrid":
      return projectTiles(params, config, cells);
    case "mlp":
      return embedMlp(params, config, cells);
    case "attention":
      return embedByAttention(params, config, embedder.heads, cells);
    case "tile-cnn":
      return embedByCnn(params, config, cells);
  }
}
