export { cocoMetrics, cocoNumberNames, type CategoryNumbers, type CocoMetrics, type CocoNumbers, type IouKind } from "./coco-metrics.ts";
export { evaluateCoco, type CocoEvaluation } from "./evaluate-coco.ts";
