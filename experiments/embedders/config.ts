import type { Embedder, VitConfig } from "@flexivit/vit";
import { greySmall, imageNet21k, lasting, paperPatchSizes, paperTraining, paperVit, planOf, smallTraining, smallVit, smokeTraining, smokeVit, type Training } from "../recipes.ts";
import type { TrainedPlan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";

/** One variant: flexible models that differ in what makes a token of a tile, and one whose tiles overlap. */
export type Config = StudyConfig & {
  /** Sizes that the models draw from and are evaluated at, coarse to fine; multiples of the stems' stride. */
  patchSizes: string[];
  /** Some of these sizes, larger patches with a stride that give as many tokens one for one, and how many tokens those are. */
  plain: string[];
  overlapping: string[];
  tokens: string[];
  embedders: Readonly<Record<string, Embedder>>;
  vit: VitConfig;
  training: Training;
};

const small: Config = {
  ...greySmall,
  patchSizes: ["8", "6", "4"],
  plain: ["8", "6", "4"],
  overlapping: ["12x12/6x6", "12x12/4x4", "9x9/3x3"],
  tokens: ["9", "16", "36"],
  embedders: {
    linear: { kind: "linear" },
    mlp: { kind: "mlp", hiddenDim: 64 },
    attention: { kind: "attention", heads: 2 },
    "conv stem": { kind: "conv-stem", channels: [16] },
    hybrid: { kind: "hybrid", stages: [{ channels: 16, blocks: 1 }] },
  },
  vit: smallVit,
  training: { ...smallTraining, ...lasting(smallTraining, 600) },
  testPictures: 4000,
};

const smoke: Config = { ...small, patchSizes: ["8", "6"], plain: ["8", "6"], overlapping: ["12x12/6x6", "12x12/4x4"], tokens: ["9", "16"], vit: smokeVit, training: smokeTraining, testPictures: 50 };

/** The patent's variants at the paper's size. */
const paper: Config = {
  ...imageNet21k,
  patchSizes: paperPatchSizes.filter((size) => Number(size) % 2 === 0),
  plain: ["48", "40", "30", "16"],
  overlapping: ["80x80/40x40", "60x60/36x36", "44x44/28x28", "30x30/15x15"],
  tokens: ["25", "36", "64", "225"],
  embedders: {
    linear: { kind: "linear" },
    mlp: { kind: "mlp", hiddenDim: 768 },
    attention: { kind: "attention", heads: 12 },
    "conv stem": { kind: "conv-stem", channels: [64] },
    hybrid: { kind: "hybrid", stages: [{ channels: 64, blocks: 3 }] },
  },
  vit: paperVit,
  training: paperTraining,
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;

export const overlapName = "linear, overlap";

export function plansOf(config: Config, seed: number): TrainedPlan[] {
  const { vit, training, patchSizes, overlapping } = config;
  const kinds = Object.entries(config.embedders).map(([name, embedder]) => planOf(name, config, training, { vit: { ...vit, embedder }, patchSizes, seed }));
  return [...kinds, planOf(overlapName, config, training, { vit, patchSizes: overlapping, seed })];
}
