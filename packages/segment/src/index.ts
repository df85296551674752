export { confusionMatrix, type ConfusionMatrix, type ConfusionOptions } from "./confusion.ts";
export { diceLoss, pixelCrossEntropy, type SegmentationLossOptions } from "./loss.ts";
export type { MaskBlockParams, MaskTransformerParams, NormParams } from "./mask-transformer.ts";
export { mergePanoptic, type MergeOptions, type PanopticInstance } from "./merge-panoptic.ts";
export { segmentationMetrics, type SegmentationMetrics } from "./metrics.ts";
export { multiScale, type MultiScaleOptions } from "./multi-scale.ts";
export { panopticCounts, panopticQuality, type PanopticCategories, type PanopticCounts, type PanopticFigures, type PanopticMap } from "./panoptic-quality.ts";
export { initSegmenter, segment, segmentPatches, type SegmenterConfig, type SegmenterParams } from "./segmenter.ts";
export { slidingWindow, type PredictPixels, type WindowOptions } from "./sliding-window.ts";
