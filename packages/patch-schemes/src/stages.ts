import type { SchemeStage } from "./distribution.ts";
import type { Place } from "./place.ts";

/**
 * Refuses stages that leave a step of 0..end-1 without a distribution, or with two.
 *
 * @param end first step that need not be covered; Infinity where that is not known.
 */
export function checkStages(stages: readonly SchemeStage[], end: number, place: Place): void {
  if (stages.length === 0) {
    throw new Error(`${place("stages")}: expected at least one stage, got none. Add { fromStep: 0, distribution }.`);
  }
  let next = 0;
  for (const [index, { fromStep, untilStep }] of stages.entries()) {
    requireStart(fromStep, next, index, place);
    const last = index === stages.length - 1;
    if (untilStep === undefined && last) return;
    requireEnd(untilStep, fromStep, stages[index + 1]?.fromStep, (field) => place(`stages[${index}].${field}`));
    next = untilStep as number;
  }
  if (end < Infinity && next < end) {
    throw new Error(
      `${place(`stages[${stages.length - 1}].untilStep`)}: expected at least ${end}, the number of steps to draw for, got ${next}. Leave untilStep out to keep the last stage, or add a stage.`,
    );
  }
}

/** The stage of a step that the stages cover. */
export function stageAt(stages: readonly SchemeStage[], step: number): SchemeStage {
  return stages.findLast(({ fromStep }) => fromStep <= step) as SchemeStage;
}

function requireStart(fromStep: number, next: number, index: number, place: Place): void {
  if (fromStep === next) return;
  const before = index === 0 ? "the first step" : `where stages[${index - 1}] ends`;
  const gap = fromStep > next ? `Steps ${next} to ${fromStep - 1} have no distribution` : `Steps ${fromStep} to ${next - 1} have two distributions`;
  const fault = Number.isSafeInteger(fromStep) && fromStep >= 0 ? `${gap}: let each stage start where the one before ends.` : "Count training steps.";
  throw new Error(`${place(`stages[${index}].fromStep`)}: expected ${next}, ${before}, got ${fromStep}. ${fault}`);
}

function requireEnd(untilStep: number | undefined, fromStep: number, following: number | undefined, place: Place): void {
  if (untilStep === undefined) {
    throw new Error(
      `${place("untilStep")}: expected a step, got none. Only the last stage may stay open: write untilStep ${following}, where the next stage starts.`,
    );
  }
  if (!Number.isSafeInteger(untilStep) || untilStep <= fromStep) {
    throw new Error(
      `${place("untilStep")}: expected a whole number above fromStep ${fromStep}, got ${untilStep}. A stage ends before untilStep, so it takes at least ${fromStep + 1}.`,
    );
  }
}
