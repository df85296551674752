export { dense, type DenseFeatures, type DenseMaps } from "./dense.ts";
export type { DenseConfig, DepthRange } from "./dense-config.ts";
export { denseLoss, type DenseLossOptions } from "./dense-loss.ts";
export { initDense, type DenseParams, type LevelParams, type MapHeadParams, type ResidualUnitParams } from "./dense-params.ts";
export { depthLoss, type DepthLossOptions } from "./depth-loss.ts";
export { depthErrors, depthMetrics, type DepthErrorOptions, type DepthErrors, type DepthMetrics } from "./depth-metrics.ts";
export { normalLoss, type NormalLossOptions } from "./normal-loss.ts";
export { normalErrors, normalMetrics, type NormalMetrics } from "./normal-metrics.ts";
export type { Average } from "./valid-pixels.ts";
