export { adamw, type AdamWOptions } from "./adamw.ts";
export { updateAverage, warmAverageDecay } from "./average.ts";
export { clipByGlobalNorm, globalNorm } from "./clip.ts";
export { applyUpdates, type LeafState, type Optimizer, type Slots, type Step, type Trained } from "./optimizer.ts";
export { type Schedule, scheduleAt } from "./schedule.ts";
export { sgd, type SgdOptions } from "./sgd.ts";
