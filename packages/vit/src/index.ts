export { vitConfig, vitVariants, type Pooling, type VitConfig, type VitSize, type VitVariant } from "./config.ts";
export { initVit, type AttentionParams, type BlockParams, type NormParams, type VitParams } from "./params.ts";
export { tiles } from "./tiles.ts";
export { embed, vit, type VitOptions } from "./vit.ts";
