import { disposeTree, mapLeaves, type ParamTree } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";

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
  /** Whether the evaluation of this step is still to be made. */
  evaluationDue: boolean;
};

/** The state before the first step. */
export function freshState<P extends ParamTree>(params: P, emaDecay: number | undefined): TrainState<P> {
  return withAverage({ step: 0, params, slots: {}, evaluationDue: false }, emaDecay);
}

/** The state with an average exactly where `emaDecay` asks for one; an average that was not there starts at the weights. */
export function withAverage<P extends ParamTree>(state: TrainState<P>, emaDecay: number | undefined): TrainState<P> {
  if (!emaDecay) {
    disposeTree(state.ema);
    return { ...state, ema: undefined };
  }
  return { ...state, ema: state.ema ?? mapLeaves(state.params, (leaf) => tf.clone(leaf)) };
}

export function disposeState<P extends ParamTree>({ params, ema, slots }: TrainState<P>): void {
  disposeTree(params, ema, slots);
}
