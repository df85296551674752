export type { TrainedWeights } from "./classifier-loss.ts";
export { evaluateAt, type EvaluateOptions, type Evaluation } from "./evaluate-classifier.ts";
export { classifierLogits, initClassifierWeights, type ClassifierInfo, type ClassifierModel, type ClassifierWeights } from "./model.ts";
export { loadModel, saveModel } from "./model-file.ts";
export { openData, type DataSets, type OpenDataOptions } from "./open-data.ts";
export { checkRecipe, recipeDefaults, type ClassifierRecipe } from "./recipe.ts";
export { objectivesOf, type Objective, type Task } from "./task.ts";
export { trainClassifier, type TrainedClassifier, type TrainingContext } from "./train-classifier.ts";
export type { ClassifierBatch } from "./training-batches.ts";
