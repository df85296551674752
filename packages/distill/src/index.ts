export { resizeImages } from "@flexivit/resample";
export { agreement, agreementMatrix } from "./agreement.ts";
export { distillationLoss, logitDistance, type Distance } from "./distance.ts";
export { ensembleLogits, type Vote } from "./ensemble.ts";
export { featureLoss, tokenLoss, type FeatureLossOptions } from "./feature-loss.ts";
