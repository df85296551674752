export { classify, initClassifier, type ClassifierConfig, type ClassifierParams } from "./classifier.ts";
export { classificationLoss, type ClassificationObjective } from "./loss.ts";
export { countCorrect, topClasses, type ClassProbability } from "./metrics.ts";
export { multiLabelMetrics, type ClassMetrics, type MultiLabelMetrics } from "./multi-label-metrics.ts";
export { regressionLoss, type RegressionObjective } from "./regression-loss.ts";
export { regressionMetrics, type RegressionFigures, type RegressionMetrics } from "./regression-metrics.ts";
export { labelTargets, multiLabelTargets, smoothTargets, type Smoothing } from "./targets.ts";
