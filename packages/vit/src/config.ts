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
type VariantSize = { dim: number; depth: number; hiddenDim: number; heads: number };

/** Widths and depths of the named variants. Source: Ti to L arXiv 2106.10270 table 2; mu is big_vision's smallest; H arXiv 2010.11929 table 1; So400m arXiv 2305.13035. */
export const vitVariants: Readonly<Record<VitVariant, VariantSize>> = {
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
 * @throws when the name is unknown or `dim` cannot be split over the heads.
 */
export function vitConfig(variant: VitVariant | VariantSize, overrides: Partial<VitConfig> = {}): VitConfig {
  const size = typeof variant === "string" ? vitVariants[variant] : variant;
  if (!size) {
    throw new Error(
      `vitConfig(variant): expected one of ${Object.keys(vitVariants).join(", ")}, got "${String(variant)}". Pass one of these names, or { dim, depth, hiddenDim, heads }.`,
    );
  }
  const config: VitConfig = { ...flexivitDefaults, ...size, ...overrides };
  return checkVitConfig(config, "vitConfig");
}

/** Returns the configuration if its fields fit together. */
export function checkVitConfig(config: VitConfig, where: string): VitConfig {
  const whole = { dim: config.dim, depth: config.depth, hiddenDim: config.hiddenDim, heads: config.heads, channels: config.channels };
  for (const [name, value] of Object.entries(whole)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`${where}(${name}): expected a whole number of at least 1, got ${value}. Set ${name} to a positive whole number.`);
    }
  }
  if (config.dim % config.heads !== 0) {
    throw new Error(
      `${where}(heads): expected heads that divide dim ${config.dim}, got ${config.heads}. Choose heads so that dim / heads is a whole number.`,
    );
  }
  if (config.pooling !== "gap" && config.pooling !== "tok") {
    throw new Error(`${where}(pooling): expected one of gap, tok, got "${String(config.pooling)}". Pool by the mean of the tokens (gap) or by a class token (tok).`);
  }
  return config;
}
