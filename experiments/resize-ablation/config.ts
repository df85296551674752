import { imageLikeCovariance, type KernelResize, type KernelResizeMethod } from "@flexivit/pi-resize";
import { pretrainedFixed, smallPretraining, smokePretraining, type Pretraining } from "../pretrained.ts";
import { imageNet, type Training } from "../recipes.ts";
import type { Plan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";
import { weightsOf } from "../weights.ts";

/** One variant: a fixed model, and the sizes that its kernel is resized to without training. */
export type Config = StudyConfig & {
  /** The patch size at which the model is trained. */
  trainedAt: string;
  /** Sizes at which pictures are resized like patches, so that the grid of tokens stays. */
  scaledPatchSizes: string[];
  /** Sizes at which pictures stay as they are, so that the grid changes too. */
  patchSizes: string[];
  /** How the fixed model is trained; from --weights where it says nothing. */
  pretraining?: Pretraining;
};

const small: Config = {
  data: "fashion-mnist",
  channels: 1,
  trainedAt: "6",
  scaledPatchSizes: ["24", "18", "12", "9", "8", "7", "6", "5", "4", "3"],
  patchSizes: ["12", "8", "6", "4", "3"],
  pretraining: smallPretraining,
  testPictures: 4000,
};

const smoke: Config = { ...small, scaledPatchSizes: ["12", "6", "4"], patchSizes: ["12", "6", "4"], pretraining: smokePretraining, testPictures: 50 };

/** A trained ViT of 8 px at 224 px. Source: arXiv 2212.08013 section 3.4, figure 4; sizes that make whole pictures and grids. */
const paper: Config = {
  ...imageNet,
  trainedAt: "8",
  scaledPatchSizes: ["32", "24", "20", "16", "14", "12", "10", "9", "8", "7", "6", "5", "4"],
  patchSizes: ["56", "32", "28", "16", "14", "8", "7"],
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;

export function plansOf({ pretraining, trainedAt }: Config, seed: number, weights?: readonly string[]): Plan[] {
  return [pretraining ? pretrainedFixed(pretraining, trainedAt, seed) : weightsOf(weights, "the fixed model")[0]];
}

export const trainingOf = ({ pretraining, trainedAt }: Config): string => {
  const training: Training | undefined = pretraining?.training;
  return `one model trained at ${trainedAt} px${training && pretraining ? `, ${training.imageSizePx} px pictures, ${pretraining.fixedSteps} steps` : ""}`;
};

/** The resizes that are compared, for a kernel of `side` pixels: without antialias the paper's four, with it also PI weighted by a covariance. */
export function resizesOf(side: number, antialias: boolean): { name: string; resize: KernelResize }[] {
  const one = (method: KernelResizeMethod): KernelResize => ({ method, interpolation: { kernel: "bilinear", antialias, alignment: "half-pixel" } });
  const weighted = { name: "PI, covariance", resize: { ...one("pi"), covariance: imageLikeCovariance(side) } };
  const rivals = (["bilinear", "norm", "area"] as const).map((method) => ({ name: method, resize: one(method) }));
  return [{ name: "PI", resize: one("pi") }, ...rivals, ...(antialias ? [weighted] : [])];
}
