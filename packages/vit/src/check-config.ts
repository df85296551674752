import type { Embedder, VitConfig } from "./config.ts";
import { stemStrideOf } from "./stem-stride.ts";

/** Returns the configuration if its fields are possible, alone and together; throws otherwise, with what is possible. */
export function checkVitConfig(config: VitConfig, where: string): VitConfig {
  checkNames(config, where);
  checkLists(config, where);
  for (const [name, value] of Object.entries(countsOf(config))) checkCount(value, `${where}(${name})`, 1);
  checkCount(config.registers, `${where}(registers)`, 0);
  checkHeads(config.heads, config.dim, `${where}(heads)`);
  checkEmbedder(config.embedder, config, where);
  checkPositions(config, where);
  if (config.pooling === "tok" && config.classToken === undefined) {
    throw new Error(
      `${where}(classToken): expected one with pooling "tok", got none. ` +
        'Set it to { value: "learned", at: "first", position: false }, or pool by gap or map.',
    );
  }
  checkNumber(config.layerScale ?? 0, Number.isFinite, `${where}(layerScale)`, "a finite number", "Leave it out for blocks without scales.");
  checkNumber(config.layerNormEpsilon, (epsilon) => epsilon >= 0 && epsilon < 1, `${where}(layerNormEpsilon)`, "a number of 0 or more and below 1", "Use 1e-6, as published models have.");
  checkNumber(config.dropPath, (rate) => rate >= 0 && rate < 1, `${where}(dropPath)`, "a share of 0 or more and below 1", "Use 0 to switch it off.");
  return config;
}

/** The valid values of each field that is one of some names, and what they mean. */
function checkNames({ embedder, positions, classToken, pooling, mlp, activation, normPlace }: VitConfig, where: string): void {
  const kinds = ["linear", "mlp", "attention", "tile-cnn", "conv-stem", "hybrid"];
  checkName(embedder?.kind, kinds, `${where}(embedder.kind)`, "linear is FlexiViT's.");
  checkName(positions, ["grid", "sequence", "factorised", "sin-cos", "index", "none"], `${where}(positions)`, "grid is FlexiViT's.");
  checkName(pooling, ["gap", "tok", "map"], `${where}(pooling)`, "Pool by the mean of the tokens (gap), by a class token (tok) or by attention (map).");
  checkName(mlp, ["gelu", "swiglu"], `${where}(mlp)`, "Use the one that the weights were trained with.");
  checkName(activation, ["tanh", "erf"], `${where}(activation)`, "tanh is big_vision's, erf timm's and Hugging Face's.");
  checkName(normPlace, ["tokens", "pooled"], `${where}(normPlace)`, "Only timm's fc_norm is pooled.");
  if (classToken === undefined) return;
  checkName(classToken.value, ["learned", "zeros", "ones"], `${where}(classToken.value)`, "learned is what published models have.");
  checkName(classToken.at, ["first", "last"], `${where}(classToken.at)`, "first is what published models have.");
  checkName(classToken.position, [true, false], `${where}(classToken.position)`, "true adds a learned position to it.");
}

/** Lists that may be something else where a config comes out of a file. */
function checkLists({ patchSize, positionGrid, embedder }: VitConfig, where: string): void {
  for (const [name, sides] of Object.entries({ patchSize, positionGrid })) {
    if (Array.isArray(sides) && sides.length === 2) continue;
    throw new Error(`${where}(${name}): expected [height, width], got ${JSON.stringify(sides)}. Give both, also where they are alike.`);
  }
  const [field, stages] = embedder.kind === "conv-stem" ? (["channels", embedder.channels] as const) : embedder.kind === "hybrid" ? (["stages", embedder.stages] as const) : [];
  if (field === undefined || Array.isArray(stages)) return;
  throw new Error(`${where}(embedder.${field}): expected a list with an entry per stage, got ${JSON.stringify(stages)}. Put it in [ ].`);
}

function checkEmbedder(embedder: Embedder, { patchSize, dim }: VitConfig, where: string): void {
  if (embedder.kind === "attention") checkHeads(embedder.heads, dim, `${where}(embedder.heads)`);
  const stages = embedder.kind === "conv-stem" ? embedder.channels : embedder.kind === "hybrid" ? embedder.stages : undefined;
  if (stages === undefined) return;
  if (stages.length === 0) {
    const field = embedder.kind === "hybrid" ? "stages" : "channels";
    throw new Error(`${where}(embedder.${field}): expected one or more, got none. Use { kind: "linear" } for an embedder without convolutions.`);
  }
  const stride = stemStrideOf(embedder);
  if (patchSize.some((side) => side % stride !== 0)) {
    throw new Error(
      `${where}(patchSize): expected multiples of the stem's stride of ${stride} pixels, got [${patchSize.join(", ")}]. ` +
        "Round it to such multiples, or use fewer stages: each halves the feature map.",
    );
  }
}

function checkPositions({ positions, dim }: VitConfig, where: string): void {
  if (positions === "factorised" && dim % 2 !== 0) {
    throw new Error(`${where}(positions): expected an even dim with "factorised", got ${dim}. Half of it is of the row, half of the column.`);
  }
  if (positions === "sin-cos" && (dim % 4 !== 0 || dim < 8)) {
    throw new Error(`${where}(positions): expected a dim of at least 8 that 4 divides with "sin-cos", got ${dim}. Use another dim, or "grid".`);
  }
}

function countsOf({ dim, depth, hiddenDim, heads, channels, patchSize, positionGrid, embedder }: VitConfig): Record<string, number> {
  const [patchHeight, patchWidth] = patchSize;
  const [gridHeight, gridWidth] = positionGrid;
  const sizes = { "patchSize[0]": patchHeight, "patchSize[1]": patchWidth, "positionGrid[0]": gridHeight, "positionGrid[1]": gridWidth };
  return { dim, depth, hiddenDim, heads, channels, ...sizes, ...embedderCountsOf(embedder) };
}

function embedderCountsOf(embedder: Embedder): Record<string, number> {
  switch (embedder.kind) {
    case "linear":
      return {};
    case "mlp":
      return { "embedder.hiddenDim": embedder.hiddenDim };
    case "attention":
      return { "embedder.heads": embedder.heads };
    case "tile-cnn":
      return { "embedder.channels": embedder.channels };
    case "conv-stem":
      return Object.fromEntries(embedder.channels.map((channels, index) => [`embedder.channels[${index}]`, channels]));
    case "hybrid":
      return Object.fromEntries(
        embedder.stages.flatMap(({ channels, blocks }, index) => [
          [`embedder.stages[${index}].channels`, channels],
          [`embedder.stages[${index}].blocks`, blocks],
        ]),
      );
  }
}

function checkName(value: unknown, names: readonly unknown[], where: string, remedy: string): void {
  if (names.includes(value)) return;
  throw new Error(`${where}: expected one of ${names.join(", ")}, got ${JSON.stringify(value)}. ${remedy}`);
}

function checkCount(value: number, where: string, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new Error(
    `${where}: expected a whole number ${least === 1 ? "above 0" : "of 0 or more"}, got ${value}. Round it, or leave it out where there is a default.`,
  );
}

function checkHeads(heads: number, dim: number, where: string): void {
  if (dim % heads === 0) return;
  throw new Error(`${where}: expected heads that divide dim ${dim}, got ${heads}. Choose heads so that dim / heads is a whole number.`);
}

function checkNumber(value: number, isPossible: (value: number) => boolean, where: string, what: string, remedy: string): void {
  if (typeof value === "number" && isPossible(value)) return;
  throw new Error(`${where}: expected ${what}, got ${String(value)}. ${remedy}`);
}
