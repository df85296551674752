import { pretrainedFixed, smallPretraining, smokePretraining, type Pretraining } from "../pretrained.ts";
import { imageNet, lasting, paperPatchSizes, paperTraining, paperVit, planOf, smallTraining, smokeTraining, type Training } from "../recipes.ts";
import type { Plan, Teacher, TrainedPlan } from "../plan.ts";
import type { StudyConfig } from "../study.ts";
import { weightsOf } from "../weights.ts";
import type { VitConfig } from "@flexivit/vit";

/** One variant: a fixed teacher, and flexible students that differ in where they start and what they learn from. */
export type Config = StudyConfig & {
  /** Sizes that the students draw from, coarse to fine. */
  patchSizes: string[];
  vit: VitConfig;
  training: Training;
  teacher: Omit<Teacher, "plan">;
  /** How the teacher is trained; from --weights where it says nothing. */
  pretraining?: Pretraining;
};

const small: Config = {
  data: "fashion-mnist",
  channels: 1,
  patchSizes: ["12", "8", "6", "4"],
  vit: smallPretraining.vit,
  training: { ...smallTraining, ...lasting(smallTraining, 500), optimizer: { kind: "adamw", learningRate: 2e-3, weightDecay: 1e-4, b2: 0.95 } },
  teacher: { patchSize: "6", imageSizePx: 24, distance: { kind: "kl", temperature: 1 } },
  pretraining: smallPretraining,
  testPictures: 4000,
};

const smoke: Config = { ...small, patchSizes: ["12", "6"], vit: smokePretraining.vit, training: smokeTraining, pretraining: smokePretraining, testPictures: 50 };

/**
 * DeiT III at 384 px teaches ViT-B at 240 px that starts from its weights, 90 epochs. The kernel is stored at the 16x16 that
 * DeiT III has, the positions at 7x7.
 * Source: arXiv 2212.08013 section 4 and big_vision `configs/proj/flexivit/i1k_deit3_distill.py`, which puts 1 % of the
 * training pictures aside.
 */
const paper: Config = {
  ...imageNet,
  patchSizes: paperPatchSizes,
  vit: { ...paperVit, patchSize: [16, 16] },
  training: {
    ...paperTraining,
    objective: "softmax",
    headBias: 0,
    augment: undefined,
    mix: { mixup: { alpha: 1 } },
    batchSize: 1024,
    accumulate: 16,
    steps: 112_600, // 90 epochs of 1.28 million pictures
    optimizer: { kind: "adamw", learningRate: 1e-4, weightDecay: 1e-5, b2: 0.999 },
    schedule: { kind: "cosine", warmupSteps: 5000 },
    evaluateEvery: 12_500,
    checkpointEvery: 1000,
  },
  teacher: { patchSize: "16", imageSizePx: 384, distance: { kind: "kl", temperature: 1 } },
};

export const configs = { small, smoke, paper } as const satisfies Record<string, Config>;

/** The teacher, and four students: from labels or from the teacher, fresh or from the teacher's weights. */
export function plansOf(config: Config, seed: number, weights?: readonly string[]): Plan[] {
  const { vit, training, patchSizes, pretraining } = config;
  const teacher = pretraining ? pretrainedFixed(pretraining, config.teacher.patchSize, seed) : weightsOf(weights, "teacher")[0];
  const fromTeacher = { from: teacher, ownStorage: true } as const;
  const learnsFrom: Teacher = { ...config.teacher, plan: teacher };
  const student = (name: string, choices: Pick<TrainedPlan, "from" | "ownStorage" | "teacher">): Plan => planOf(name, config, training, { vit, patchSizes, seed, ...choices });
  return [
    teacher,
    student("labels, fresh", {}),
    student("labels, teacher's weights", fromTeacher),
    student("teacher, fresh", { teacher: learnsFrom }),
    student("teacher, teacher's weights", { ...fromTeacher, teacher: learnsFrom }),
  ];
}
