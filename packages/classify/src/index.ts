export { classify, initClassifier, type ClassifierConfig, type ClassifierParams } from "./classifier.ts";
export { classificationLoss, type ClassificationObjective } from "./loss.ts";
export { countCorrect, topClasses } from "./metrics.ts";
export { labelTargets } from "./targets.ts";
