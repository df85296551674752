import type { CategoricalSchemes } from "./categorical.ts";
import type { CostEqualisedSchemes } from "./cost-equalised.ts";
import type { GaussianSchemes } from "./gaussian.ts";
import type { LinearSchemes } from "./linear.ts";

/** A list of schemes with a rule that weighs them. */
export type WeightedSchemes = CategoricalSchemes | GaussianSchemes | LinearSchemes | CostEqualisedSchemes;

/** Distributions one of which is drawn at every step, by weight (any scale; all alike unless given). */
export type MixtureOfSchemes = {
  readonly kind: "mixture";
  readonly distributions: readonly SchemeDistribution[];
  readonly weights?: readonly number[];
};

/** A distribution and the steps it is for: `fromStep` up to, not including, `untilStep`. Steps are those of the run, from 0. */
export type SchemeStage = {
  readonly fromStep: number;
  /** Absent in the last stage: to the end of the run, however long. */
  readonly untilStep?: number;
  readonly distribution: SchemeDistribution;
};

/** Distributions one after the other: a curriculum. The stages leave no step out, from 0. */
export type SequenceOfSchemes = { readonly kind: "sequence"; readonly stages: readonly SchemeStage[] };

/**
 * Which schemes a training run draws, and how often. Plain data: it lives in a run's config.
 *
 * - `categorical`: schemes with weights; all alike without
 * - `gaussian`: a bell curve over the patch size, `centrePx` and `stdPx` in pixels
 * - `linear`: a straight line over the patch size, from `weightAtSmallest` to `weightAtLargest`
 * - `cost-equalised`: inverse to the multiply-adds of a `model` on images of `imageSize`
 * - `mixture`: `distributions` one of which is drawn per step, then a scheme from it
 * - `sequence`: `stages` of distributions over ranges of steps
 *
 * Mixtures and sequences may hold any kind, each other included.
 */
export type SchemeDistribution = WeightedSchemes | MixtureOfSchemes | SequenceOfSchemes;
