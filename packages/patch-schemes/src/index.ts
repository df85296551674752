export { schemeCost, type SchemeCost, type TransformerSize } from "./cost.ts";
export {
  drawScheme,
  schemeProbabilities,
  uniform,
  type CategoricalSchemes,
  type SchemeDistribution,
  type SchemeProbability,
} from "./distribution.ts";
export { gridOf, type Grid, type Remainder } from "./grid.ts";
export { formatScheme, parseScheme, patchScheme, type PatchScheme } from "./scheme.ts";
export { paperPatchSizesAt240Px, schemesFor, type SchemeLimits } from "./schemes-for.ts";
export { parseSize, type Size } from "./size.ts";
