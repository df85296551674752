import { gridOf, type Remainder } from "./grid.ts";
import type { PatchScheme } from "./scheme.ts";
import type { Size } from "./size.ts";

/** The sizes of a vision transformer that decide its cost. */
export type TransformerSize = {
  dim: number;
  depth: number;
  hiddenDim: number;
  /** Channels of the images. Default 3. */
  channels?: number;
  /** Tokens beside the patches: class token, registers. Default 0. */
  prefixTokens?: number;
  /** Outputs of the head. Default 0: no head. */
  classes?: number;
};

/** One image's forward pass: its tokens, and its multiply-adds (MACs; a FLOP count is twice that). */
export type SchemeCost = { patches: number; tokens: number; multiplyAdds: number };

/**
 * Tokens and multiply-adds of one image through a vision transformer cut by a scheme.
 *
 * multiply-adds = patches * patchHeight * patchWidth * channels * dim
 *   + depth * (tokens * (4 dim^2 + 2 dim hiddenDim) + 2 tokens^2 dim) + dim * classes.
 * Norms, activations, softmax and the resize of kernel and positions are left out: under 1 %.
 * A training step takes three times as much.
 *
 * @throws where the scheme does not fit the image or a size of the model is impossible.
 */
export function schemeCost(scheme: PatchScheme, imageSize: number | Size, model: TransformerSize, remainder?: Remainder): SchemeCost {
  const { dim, depth, hiddenDim, channels = 3, prefixTokens = 0, classes = 0 } = model;
  requireWhole({ dim, depth, hiddenDim, channels }, 1);
  requireWhole({ prefixTokens, classes }, 0);
  const { gridHeight, gridWidth } = gridOf(scheme, imageSize, remainder);
  const patches = gridHeight * gridWidth;
  const tokens = patches + prefixTokens;
  const embedding = patches * scheme.patchSize[0] * scheme.patchSize[1] * channels * dim;
  const projections = tokens * (4 * dim ** 2 + 2 * dim * hiddenDim); // query, key, value, output; the two of the MLP
  const attention = 2 * tokens ** 2 * dim; // logits, weighted sum
  return { patches, tokens, multiplyAdds: embedding + depth * (projections + attention) + dim * classes };
}

function requireWhole(sizes: Record<string, number>, least: number): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isSafeInteger(size) && size >= least) continue;
    throw new Error(
      `schemeCost(model.${name}): expected a whole number of at least ${least}, got ${size}. Pass the model's sizes, such as { dim: 768, depth: 12, hiddenDim: 3072 }.`,
    );
  }
}
