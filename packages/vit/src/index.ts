export {
  vitConfig,
  vitVariants,
  type ClassToken,
  type Embedder,
  type Pooling,
  type Positions,
  type StageSize,
  type VitConfig,
  type VitSize,
  type VitVariant,
} from "./config.ts";
export { embed, type Cut, type Embedded } from "./embed.ts";
export {
  initVit,
  type AttentionParams,
  type BlockParams,
  type ConvolutionParams,
  type NormParams,
  type PatchEmbeddingParams,
  type PoolParams,
  type PositionParams,
  type ResidualParams,
  type StageParams,
  type VitParams,
} from "./params.ts";
export { checkVitConfig } from "./check-config.ts";
export { shapesOf } from "./check-params.ts";
export { vitSpec } from "./spec.ts";
export { tiles } from "./tiles.ts";
export { vitMixed } from "./vit-mixed.ts";
export { vit, type VitOptions } from "./vit.ts";
