import type { GeluForm } from "@flexivit/ops";
import type { Size } from "@flexivit/patch-schemes";
import { flexivitKernelResize, type KernelResize } from "@flexivit/pi-resize";
import { referenceInterpolations, type Interpolation } from "@flexivit/resample";
import { checkVitConfig } from "./check-config.ts";

/**
 * What makes a token of a tile. In each the patch kernel is resized to the scheme; the other weights have no size.
 *
 * - `linear`: the kernel. `perPosition`: one kernel per cell of the stored grid, resampled to the token grid.
 * - `mlp`: the kernel to `hiddenDim`, GELU, a linear map.
 * - `attention`: the kernel, then self-attention across the tiles is added.
 * - `tile-cnn`: a 3x3 convolution within each tile to `channels`, GELU, the kernel over its pixels.
 * - `conv-stem`: 3x3 convolutions of stride 2 over the image, one per entry of `channels`; the scheme, in pixels of the
 *   image as ever, tiles the feature map, and the kernel takes a tile of one or more cells.
 * - `hybrid`: the same with `blocks` residual blocks after the convolution of each stage.
 */
export type Embedder =
  | { readonly kind: "linear"; readonly perPosition?: boolean }
  | { readonly kind: "mlp"; readonly hiddenDim: number }
  | { readonly kind: "attention"; readonly heads: number }
  | { readonly kind: "tile-cnn"; readonly channels: number }
  | { readonly kind: "conv-stem"; readonly channels: readonly number[] }
  | { readonly kind: "hybrid"; readonly stages: readonly StageSize[] };

/** One stage of a hybrid: channels of its feature map, and how many residual blocks it has. */
export type StageSize = { readonly channels: number; readonly blocks: number };

/**
 * What tells a token where it is; added to it after the embedder.
 *
 * - `grid`: a learned grid; `sequence`: a learned row of positions, row by row of the grid; `factorised`: half a vector
 *   per row of the grid and half per column. All three are resampled to the token grid.
 * - `sin-cos`: fixed waves; `index`: the index of the token, 0, 1, ..., times one learned vector; `none`: nothing.
 */
export type Positions = "grid" | "sequence" | "factorised" | "sin-cos" | "index" | "none";

/** A token of no patch: its first value, where it stands, and whether a learned position is added to it. */
export type ClassToken = { readonly value: "learned" | "zeros" | "ones"; readonly at: "first" | "last"; readonly position: boolean };

/** How the tokens become one vector: mean over the patches, the class token, or attention of a learned query over the patches. */
export type Pooling = "gap" | "tok" | "map";

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
  /** Units between the two layers of the MLP; under "swiglu" those of each half, after the gate. */
  hiddenDim: number;
  heads: number;
  embedder: Embedder;
  positions: Positions;
  /** None where absent. */
  classToken?: ClassToken;
  /** Learned tokens of no patch and no position, beside the class token. */
  registers: number;
  pooling: Pooling;
  mlp: "gelu" | "swiglu";
  /** Form of GELU. */
  activation: GeluForm;
  layerNormEpsilon: number;
  /** Where the last norm is: on the tokens, or on the pooled vector (timm's `fc_norm`). */
  normPlace: "tokens" | "pooled";
  /** First value of the learned scale of each branch of a block; no such scales where absent. */
  layerScale?: number;
  /** Share of images whose branches the last block skips in training; it rises linearly from 0 in the first. */
  dropPath: number;
  /** How the patch kernel is resized. A property of the weights: it travels with them. */
  kernelResize: KernelResize;
  /** How positions are resampled. A property of the weights too. */
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
  embedder: { kind: "linear" },
  positions: "grid",
  registers: 0,
  pooling: "gap",
  mlp: "gelu",
  activation: "tanh",
  layerNormEpsilon: 1e-6,
  normPlace: "tokens",
  dropPath: 0,
  kernelResize: flexivitKernelResize,
  positionInterpolation: referenceInterpolations.bigVision.positions,
} as const satisfies Partial<VitConfig>;

/** The class token of pooling "tok" unless another is given. Source: big_vision `models/proj/flexi/vit.py`. */
const flexivitClassToken: ClassToken = { value: "learned", at: "first", position: false };

/**
 * The configuration of a named variant, or of sizes of your own, with FlexiViT's choices wherever nothing else is said.
 *
 * @param variant a name out of {@link vitVariants}, or `{ dim, depth, hiddenDim, heads }`.
 * @param overrides fields that differ from FlexiViT's. Pooling "tok" brings a class token along.
 * @throws when the name is unknown or fields are impossible, alone or together; says what is possible.
 */
export function vitConfig(variant: VitVariant | VitSize, overrides: Partial<VitConfig> = {}): VitConfig {
  if (typeof variant === "string" && !Object.hasOwn(vitVariants, variant)) {
    throw new Error(
      `vitConfig(variant): expected one of ${Object.keys(vitVariants).join(", ")}, got "${String(variant)}". ` +
        "Pass one of these names, or { dim, depth, hiddenDim, heads }.",
    );
  }
  const size = typeof variant === "string" ? vitVariants[variant] : variant;
  const classToken = overrides.pooling === "tok" ? { classToken: flexivitClassToken } : {};
  const config: VitConfig = { ...flexivitDefaults, ...classToken, ...size, ...overrides };
  return checkVitConfig(config, "vitConfig");
}
