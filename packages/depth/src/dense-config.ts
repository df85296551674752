/** What the depth of a pixel is made of. Depths lie between `nearest` and `farthest`, in metres or any one unit. */
export type DepthRange =
  /** One value per pixel: `nearest (farthest / nearest)^sigmoid(x)`. */
  | { readonly kind: "log"; readonly nearest: number; readonly farthest: number }
  /** Probabilities of `bins` depths, evenly spaced in the logarithm; the depth is their expectation. */
  | { readonly kind: "bins"; readonly bins: number; readonly nearest: number; readonly farthest: number };

/** A decoder of several blocks of a backbone into maps. Plain data. */
export type DenseConfig = {
  /** Width of the features. */
  readonly dim: number;
  /** What is decoded, finest level first: names in `Features.blocks`, or "tokens" for the tokens after the last norm. */
  readonly blocks: readonly string[];
  /** Pixels per cell of each level, ascending, one per block: [4, 8, 16, 32] in DPT. */
  readonly stridesPx: readonly number[];
  /** Width of the decoder. */
  readonly width: number;
  /** Where given, a depth per pixel. */
  readonly depth?: DepthRange;
  /** Where true, a surface normal per pixel. */
  readonly normals?: boolean;
  /** True for a backbone whose class token comes after the patches. */
  readonly classTokenLast?: boolean;
};

/** @throws where a config could not work */
export function checkDenseConfig(config: DenseConfig): void {
  const { dim, width, blocks, stridesPx, depth, normals } = config;
  const counts = { dim, width, ...(depth?.kind === "bins" ? { bins: depth.bins } : {}) };
  for (const [name, value] of Object.entries(counts)) if (!isCount(value)) throw refuse(name, "a whole number above 0", value, "Correct the config");
  const ascending = stridesPx.every((stride, i) => isCount(stride) && (i === 0 || stride > stridesPx[i - 1]));
  if (blocks.length === 0 || stridesPx.length !== blocks.length || !ascending) {
    throw refuse("stridesPx", `ascending whole numbers, one for each of ${blocks.length} blocks, at least 1`, stridesPx.join(", ") || "none", "Use [4, 8, 16, 32] for four blocks");
  }
  if (!depth && !normals) throw refuse("depth", "depth or normals to estimate", "neither", "Set depth to a range or normals to true");
  if (!depth) return;
  if (depth.kind !== "log" && depth.kind !== "bins") {
    throw refuse("depth.kind", "one of log, bins", JSON.stringify((depth as DepthRange).kind), "Use one of these kinds");
  }
  if (!(depth.nearest > 0 && depth.nearest < depth.farthest && depth.farthest < Infinity)) {
    throw refuse("depth", "0 < nearest < farthest", `${depth.nearest} and ${depth.farthest}`, "Take the range of the data");
  }
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;

function refuse(name: string, expected: string, got: unknown, remedy: string): Error {
  return new Error(`initDense(${name}): expected ${expected}, got ${String(got)}. ${remedy}.`);
}
