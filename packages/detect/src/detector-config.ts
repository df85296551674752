import type { PyramidLevel } from "@flexivit/ops";

/**
 * How classes are scored.
 *
 * - `focal`: each class on its own (sigmoid); all low means no object
 * - `softmax`: one distribution over the classes and "no object", which comes last
 */
export type DetectionObjective = "focal" | "softmax";

/**
 * What predicts.
 *
 * - `tokens`: each cell of each level predicts one box around its own place; more tokens, more boxes
 * - `queries`: so many learned queries look at the cells of all levels through decoder blocks; one box each
 */
export type Predictors =
  | { readonly kind: "tokens" }
  | { readonly kind: "queries"; readonly queries: number; readonly blocks: number; readonly heads: number; readonly hiddenDim: number };

/** A detection head. Plain data; nothing in it depends on the patch size or the grid. */
export type DetectorConfig = {
  /** Width of the features. */
  readonly dim: number;
  readonly classes: number;
  readonly predictors: Predictors;
  /** `focal` unless given. */
  readonly objective?: DetectionObjective;
  /** The levels whose cells predict or are looked at; `["x1"]`, the tokens as they are, unless given. */
  readonly levels?: readonly PyramidLevel[];
  /** Instance masks: a mask is the product of a box's embedding and that of each cell of level x4, both of this width. */
  readonly masks?: { readonly dim: number };
};

/** Whether the tokens themselves are all that predicts or is looked at. */
export const usesTokensOnly = ({ levels = ["x1"] }: DetectorConfig): boolean => levels.length === 1 && levels[0] === "x1";

/** The levels that the head's pyramid makes: those of the config, and the finest for masks. */
export function pyramidLevels(config: DetectorConfig): PyramidLevel[] {
  const levels = usesTokensOnly(config) ? [] : (config.levels ?? []);
  return [...new Set<PyramidLevel>([...levels, ...(config.masks ? (["x4"] as const) : [])])];
}

/** Outputs per box: the classes, and "no object" where classes exclude each other. */
export const outputsOf = ({ classes, objective = "focal" }: DetectorConfig): number => (objective === "softmax" ? classes + 1 : classes);

const decoderSizes = ["queries", "blocks", "heads", "hiddenDim"] as const;

/** @throws where a size is no whole number above 0, a width is no multiple, or a name does not exist */
export function checkDetectorConfig(config: DetectorConfig): void {
  const { predictors, objective = "focal", levels = ["x1"], masks } = config;
  oneOf("predictors.kind", predictors.kind, ["tokens", "queries"]);
  oneOf("objective", objective, ["focal", "softmax"]);
  for (const level of levels) oneOf("levels", level, ["x4", "x2", "x1", "half"]);
  if (new Set(levels).size !== levels.length || levels.length === 0) throw refusal("levels", "at least one level, each once", levels.join(", "), "Leave it out for the tokens as they are.");
  const sizes: Record<string, number> = { dim: config.dim, classes: config.classes, ...(masks ? { "masks.dim": masks.dim } : {}) };
  if (predictors.kind === "queries") for (const name of decoderSizes) sizes[`predictors.${name}`] = predictors[name];
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) throw refusal(name, "a whole number above 0", size, `Set ${name}.`);
  }
  if (predictors.kind === "queries" && (config.dim % predictors.heads !== 0 || config.dim % 4 !== 0 || config.dim < 8)) {
    throw refusal("dim", `a multiple of 4 and of ${predictors.heads} heads, at least 8`, config.dim, "Change the number of heads.");
  }
  if (pyramidLevels(config).length > 0 && config.dim % 4 !== 0) throw refusal("dim", "a multiple of 4, as levels and masks need", config.dim, "Use the tokens only.");
}

function oneOf(argument: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw refusal(argument, `one of ${known.join(", ")}`, `"${String(value)}"`, "Use one of these.");
}

function refusal(argument: string, expected: string, got: unknown, remedy: string): Error {
  return new Error(`initDetector(${argument}): expected ${expected}, got ${String(got)}. ${remedy}`);
}
