export { atEveryScheme } from "./evaluate.ts";
export { onInterrupt } from "./interrupt.ts";
export type { Losses, LossFunction, StepContext, TensorBatch } from "./losses.ts";
export type { Figures, StepReport, TrainOptions } from "./options.ts";
export { train, type TrainResult } from "./train.ts";
export { weightedLosses } from "./weighted-losses.ts";
