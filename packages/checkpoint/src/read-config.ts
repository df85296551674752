import type { ReferenceInterpolation } from "@flexivit/resample";
import { vitConfig, type ClassToken, type Pooling, type VitConfig } from "@flexivit/vit";
import { leafShape, type Shape } from "./layout.ts";
import type { NameTable, WeightFormat } from "./name-table.ts";
import { splitIndex } from "./stored-names.ts";

/** What shapes can't tell. Each has a default by the origin of the file, and a file that `saveVit` wrote says it itself. */
export type VitTraits = {
  /** Heads of attention; known without asking for the widths of published models. */
  heads?: number;
  pooling?: Pooling;
  activation?: VitConfig["activation"];
  layerNormEpsilon?: number;
  /** How kernel and positions were, or will be, resized by who made the weights: out of `referenceInterpolations`. */
  interpolation?: ReferenceInterpolation;
  /** Grid of the stored positions; a square unless given. */
  positionGrid?: VitConfig["positionGrid"];
};

/** A file as its table sees it: the shape of each entry. `refuse` makes the error for what does not fit. */
export type StoredModel = {
  format: WeightFormat;
  table: NameTable;
  shapes: ReadonlyMap<string, Shape>;
  refuse: (expected: string, got: string, remedy?: string) => Error;
};

/** Heads of published models by dim. Source: table 1 of arXiv 2106.04560 (S to G), timm `vision_transformer.py` (DINOv2). */
const publishedHeads: Readonly<Record<number, number>> = { 192: 3, 384: 6, 512: 8, 768: 12, 1024: 16, 1152: 16, 1280: 16, 1408: 16, 1536: 24, 1664: 16 };

/** The configuration of a model out of the names and shapes of its entries. */
export function readConfig(model: StoredModel, traits: VitTraits): VitConfig {
  const { table } = model;
  const [patchHeight, patchWidth, channels, dim] = needLeaf(model, "patchEmbedding/kernel", 4);
  const [, width] = needLeaf(model, "blocks/0/mlp/hidden/kernel", 2);
  const [hiddenDim] = needLeaf(model, "blocks/0/mlp/output/kernel", 2);
  const registers = leafOf(model, "registers")?.at(-2) ?? 0;
  const normPlace = leafOf(model, "norm/scale", { normPlace: "pooled" }) ? "pooled" : "tokens";
  const interpolation = traits.interpolation ?? (registers > 0 ? table.interpolationWithRegisters : undefined) ?? table.interpolation;
  const size = { dim, depth: depthOf(model), hiddenDim, heads: traits.heads ?? headsOf(model, dim) };
  return vitConfig(size, {
    channels,
    patchSize: [patchHeight, patchWidth],
    ...positionsOf(model, traits, registers),
    registers,
    pooling: traits.pooling ?? poolingOf(model, normPlace),
    mlp: width === 2 * hiddenDim ? "swiglu" : "gelu",
    activation: traits.activation ?? table.activation,
    layerNormEpsilon: traits.layerNormEpsilon ?? table.layerNormEpsilon,
    normPlace,
    // The value that the training began with is not in the file; DINOv2's.
    ...(leafOf(model, "blocks/0/attentionScale") && { layerScale: 1e-5 }),
    kernelResize: { method: "pi", interpolation: interpolation.patchKernel },
    positionInterpolation: interpolation.positions,
  });
}

/** The shape of the leaf that an entry of the file holds alone, or last; of no index but 0. */
function leafOf({ table, shapes }: StoredModel, path: string, config: Partial<VitConfig> = {}): Shape | undefined {
  for (const { theirs, ours, layout, when } of table.rows) {
    const stored = shapes.get(theirs.replace("{}", "0"));
    const isMeant = Object.keys(config).length === 0 || when?.(config as VitConfig);
    if (stored && isMeant && ours.at(-1)!.replace("{}", "0") === path) return leafShape(layout, stored);
  }
  return undefined;
}

function needLeaf(model: StoredModel, path: string, rank: number): Shape {
  const shape = leafOf(model, path);
  if (shape?.length === rank) return shape;
  const row = model.table.rows.find(({ ours }) => ours.at(-1)!.replace("{}", "0") === path)!;
  const name = JSON.stringify(row.theirs.replace("{}", "0"));
  throw model.refuse(`${name} with ${rank} axes`, shape ? `shape [${shape.join(", ")}]` : "none");
}

/** Blocks are counted by their largest index: one that is missing below is named later. */
function depthOf({ table, shapes, refuse }: StoredModel): number {
  const indices = [...shapes.keys()].map((name) => splitIndex(name, table).index ?? -1);
  const depth = 1 + indices.reduce((largest, index) => Math.max(largest, index), -1);
  if (depth > shapes.size) throw refuse(`blocks ${table.beforeIndex}0, 1, ... without a gap`, `${table.beforeIndex}${depth - 1} among ${shapes.size} entries`);
  return depth;
}

function headsOf({ table, shapes, refuse, format }: StoredModel, dim: number): number {
  const row = table.rows.find(({ ours, layout }) => ours[0] === "blocks/{}/attention/query/kernel" && layout === "to-heads");
  const heads = row ? shapes.get(row.theirs.replace("{}", "0"))?.at(-2) : publishedHeads[dim];
  if (heads !== undefined) return heads;
  throw refuse(
    `the number of heads of a model of dim ${dim}, which ${row ? "no entry" : `no file of ${format}`} tells`,
    "none",
    "Pass heads (--heads of flexivit forward and convert; a file that convert writes holds them).",
  );
}

function poolingOf(model: StoredModel, normPlace: VitConfig["normPlace"]): Pooling {
  if (leafOf(model, "pool/probe")) return "map";
  return leafOf(model, "classToken") && normPlace === "tokens" ? "tok" : "gap";
}

type PositionFacts = Pick<VitConfig, "positions" | "positionGrid" | "classToken">;

function positionsOf(model: StoredModel, { positionGrid }: VitTraits, registers: number): PositionFacts {
  const { table, refuse } = model;
  const hasClassToken = leafOf(model, "classToken") !== undefined;
  const token = (position: boolean): ClassToken => ({ value: "learned", at: "first", position });
  const rows = leafOf(model, "positions/grid")?.at(-2);
  if (rows === undefined) {
    const grid = positionGrid ?? ([7, 7] as const); // of no consequence: nothing is resampled
    return { positions: table.withoutPositions, positionGrid: grid, ...(hasClassToken && { classToken: token(false) }) };
  }
  const prefixes = prefixLengths(table, hasClassToken ? 1 : 0, registers);
  const prefix = prefixes.find((length) => gridOf(rows - length, positionGrid));
  if (prefix === undefined) {
    const wanted = positionGrid ? `${positionGrid.join(" x ")} positions` : "the positions of a square grid";
    const more = prefixes.length > 1 ? `, or ${prefixes.at(-1)} more` : "";
    throw refuse(wanted + more, String(rows), "Pass positionGrid (--position-grid of flexivit forward and convert), height before width.");
  }
  return { positions: "grid", positionGrid: gridOf(rows - prefix, positionGrid)!, ...(hasClassToken && { classToken: token(prefix > 0) }) };
}

/** How many positions of tokens of no patch may stand before the grid. */
function prefixLengths({ prefixPositions }: NameTable, classTokens: number, registers: number): readonly number[] {
  if (prefixPositions === "class") return [classTokens];
  return [...new Set([0, classTokens + (prefixPositions === "all-or-none" ? registers : 0)])];
}

/** The grid of so many positions: the one given if it has as many, else a square. */
function gridOf(count: number, given: VitTraits["positionGrid"]): VitTraits["positionGrid"] {
  if (given) return given[0] * given[1] === count ? given : undefined;
  const side = Math.sqrt(count);
  return Number.isInteger(side) && side > 0 ? [side, side] : undefined;
}

/** How many registers have a position in the file: all that there are, or none. */
export function countRegisterPositions(model: StoredModel, { registers, classToken, positionGrid }: VitConfig): number {
  const rows = leafOf(model, "positions/grid")?.at(-2) ?? 0;
  const others = positionGrid[0] * positionGrid[1] + (classToken?.position ? 1 : 0);
  return registers > 0 && rows === others + registers ? registers : 0;
}

/** A known configuration with what the caller says instead. */
export function withTraits(config: VitConfig, { heads, pooling, activation, layerNormEpsilon, interpolation, positionGrid }: VitTraits): VitConfig {
  return {
    ...config,
    ...(heads !== undefined && { heads }),
    ...(pooling !== undefined && { pooling }),
    ...(activation !== undefined && { activation }),
    ...(layerNormEpsilon !== undefined && { layerNormEpsilon }),
    ...(positionGrid !== undefined && { positionGrid }),
    ...(interpolation !== undefined && {
      kernelResize: { ...config.kernelResize, interpolation: interpolation.patchKernel },
      positionInterpolation: interpolation.positions,
    }),
  };
}
