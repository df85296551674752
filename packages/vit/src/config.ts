import type { GeluForm } from "@flexivit/ops";
import type { Size } from "@flexivit/patch-schemes";
import { flexivitKernelResize, type KernelResize } from "@flexivit/pi-resize";
import { referenceInterpolations, type Interpolation } from "@flexivit/resample";

/** How the token outputs become one vector: mean over the patch tokens, or the class token. */
export type Pooling = "gap" | "tok";

/** Everything about a vision transformer that is not a weight. Plain data: it is logged and stored beside the weights. */
export type VitConfig = {
  /** Channels of the images. */
  channels: number;
  /** Size of the stored patch kernel in pixels; it is resized to the patch size of each call. */
  patchSize: Size;
  /** Size of the stored grid of position embeddings; it is resized to the token grid of each call. */
  positionGrid: Size;
  dim: number;
  depth: number;
  hiddenDim: number;
  heads: number;
  pooling: Pooling;
  activation: GeluForm;
  layerNormEpsilon: number;
  /** How the patch kernel is resized. A property of the weights: it travels with them. */
  kernelResize: KernelResize;
  /** How the position grid is resampled. A property of the weights too. */
  positionInterpolation: Interpolation;
};

export type VitVariant = "mu" | "Ti" | "S" | "M" | "B" | "L" | "So400m" | "H";

/** The sizes that make a variant. */
export type VitSize = Pick<VitConfig, "dim" | "depth" | "hiddenDim" | "heads">;

/**
 * Sizes of the named variants.
 *
 * Source: Ti, S, B, L arXiv 2106.10270 table 2; H arXiv 2010.11929 table 1; So400m arXiv 2305.13035; mu and M big_vision `models/vit.py`.
 */
export const vitVariants: Readonly<Record<VitVariant, Readonly<VitSize>>> = {
  mu: { dim: 32, depth: 1, hiddenDim: 128, heads: 2 },
  Ti: { dim: 192, depth: 12, hiddenDim: 768, heads: 3 },
  S: { dim: 384, depth: 12, hiddenDim: 1536, heads: 6 },
  M: { dim: 512, depth: 12, hiddenDim: 2048, heads: 8 },
  B: { dim: 768, depth: 12, hiddenDim: 3072, heads: 12 },
  L: { dim: 1024, depth: 24, hiddenDim: 4096, heads: 16 },
  So400m: { dim: 1152, depth: 27, hiddenDim: 4304, heads: 16 },
  H: { dim: 1280, depth: 32, hiddenDim: 5120, heads: 16 },
};

/** FlexiViT's own choices: a 32x32 kernel, a 7x7 position grid, tanh GELU, big_vision's interpolations. Source: arXiv 2212.08013 section 3.4. */
const flexivitDefaults = {
  channels: 3,
  patchSize: [32, 32],
  positionGrid: [7, 7],
  pooling: "gap",
  activation: "tanh",
  layerNormEpsilon: 1e-6,
  kernelResize: flexivitKernelResize,
  positionInterpolation: referenceInterpolations.bigVision.positions,
} as const satisfies Partial<VitConfig>;

/**
 * The configuration of a named variant, or of sizes of your own, with FlexiViT's choices wherever nothing else is said.
 *
 * @param variant a name out of {@link vitVariants}, or `{ dim, depth, hiddenDim, heads }`.
 * @param overrides fields that differ from FlexiViT's.
 * @throws when the name is unknown, a size is no positive whole number or `dim` cannot be split over the heads.
 */
export function vitConfig(variant: VitVariant | VitSize, overrides: Partial<VitConfig> = {}): VitConfig {
  if (typeof variant === "string" && !Object.hasOwn(vitVariants, variant)) {
    throw new Error(
      `vitConfig(variant): expected one of ${Object.keys(vitVariants).join(", ")}, got "${String(variant)}". Pass one of these names, or { dim, depth, hiddenDim, heads }.`,
    );
  }
  const size = typeof variant === "string" ? vitVariants[variant] : variant;
  const config: VitConfig = { ...flexivitDefaults, ...size, ...overrides };
  return checkVitConfig(config, "vitConfig");
}

/** Returns the configuration if its fields fit together; throws otherwise. */
export function checkVitConfig(config: VitConfig, where: string): VitConfig {
  for (const [name, value] of Object.entries(wholeNumbersOf(config))) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`${where}(${name}): expected a whole number above 0, got ${value}. Round it, or leave it out where there is a default.`);
    }
  }
  if (config.dim % config.heads !== 0) {
    throw new Error(
      `${where}(heads): expected heads that divide dim ${config.dim}, got ${config.heads}. Choose heads so that dim / heads is a whole number.`,
    );
  }
  if (config.pooling !== "gap" && config.pooling !== "tok") {
    throw new Error(
      `${where}(pooling): expected one of gap, tok, got "${String(config.pooling)}". Pool by the mean of the tokens (gap) or by a class token (tok).`,
    );
  }
  return config;
}

function wholeNumbersOf({ dim, depth, hiddenDim, heads, channels, patchSize, positionGrid }: VitConfig): Record<string, number> {
  const [patchHeight, patchWidth] = patchSize;
  const [gridHeight, gridWidth] = positionGrid;
  const sizes = { "patchSize[0]": patchHeight, "patchSize[1]": patchWidth, "positionGrid[0]": gridHeight, "positionGrid[1]": gridWidth };
  return { dim, depth, hiddenDim, heads, channels, ...sizes };
}
