export { classify, initClassifier, type ClassifierConfig, type ClassifierParams } from "./classifier.ts";
export { classificationLoss, type ClassificationObjective } from "./loss.ts";
export { countCorrect, topClasses, type ClassProbability } from "./metrics.ts";
export { labelTargets, smoothTargets, type Smoothing } from "./targets.ts";
