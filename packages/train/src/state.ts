import type { ParamTree } from "@flexivit/params";

/**
 * All that the next step depends on. Everything drawn at random is a function of (seed, step),
 * so a state that comes back from disk goes on with the same bits.
 */
export type TrainState<P extends ParamTree> = {
  /** Steps done. */
  step: number;
  params: P;
  /** Exponential moving average of `params`, when asked for. */
  ema?: P;
  /** The optimiser's moments and the like, by the path of their leaf. */
  slots: ParamTree;
  /** Seconds of training so far, over all resumes. */
  seconds: number;
};
