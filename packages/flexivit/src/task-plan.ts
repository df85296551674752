import type { VitConfig } from "@flexivit/vit";
import type { TrainFlags } from "./commands/train-flags.ts";
import { readJsonObject } from "./json-file.ts";
import { lossOptionsOf } from "./loss-weights.ts";
import { plannedTraining } from "./planned-training.ts";
import type { HeadConfigs, HeadTask, TaskSources } from "./tasks/task-model.ts";
import { taskDefaults, type TaskRecipe } from "./tasks/task-recipe.ts";
import type { TrainPlan } from "./train-plan.ts";

/**
 * The recipe of `flexivit train --task`, once its data is known.
 *
 * @throws where flags speak of classifiers or of terms that the loss does not have, or a file of them cannot be read.
 */
export function taskRecipeOf<T extends HeadTask>(task: T, flags: TrainFlags, plan: TrainPlan, training: TaskSources[T]): TaskRecipe<T> {
  refuseClassifierFlags(task, flags);
  const planned = plannedTraining(flags, plan, training);
  const head = headBefore(task, flags, plan, training) ?? { ...usualHeads[task](planned.vit, training), ...headFields(task, flags) };
  const loss = flags.lossWeights && lossOptionsOf(task, head, flags.lossWeights);
  return { ...taskDefaults, ...planned, task, head, ...(loss && { loss }), trainFraming: { ...taskDefaults.trainFraming, flip: flags.flip } as TaskRecipe["trainFraming"] };
}

/** The head of the model to start from, where no flag asks for one and it is of the same task and classes. */
function headBefore<T extends HeadTask>(task: T, { headConfig }: TrainFlags, { start }: TrainPlan, { classes }: TaskSources[T]): HeadConfigs[T] | undefined {
  const before = start?.task;
  if (headConfig !== undefined || before?.task !== task || JSON.stringify(before.classes) !== JSON.stringify(classes)) return undefined;
  return before.head as HeadConfigs[T];
}

/** Flags that only a classifier's training understands; those with a default are given where it is not 0. */
const classifierFlags = [
  "objective",
  "labelSmoothing",
  "smoothingAmong",
  "teacher",
  "teacherPatchSize",
  "teacherImageSize",
  "distance",
  "temperature",
  "auxiliaryBlock",
  "auxiliaryWeight",
  "mixup",
  "cutmix",
  "randAugment",
  "imageSizes",
] as const satisfies readonly (keyof TrainFlags)[];

function refuseClassifierFlags(task: HeadTask, flags: TrainFlags): void {
  const given = classifierFlags.find((name) => flags[name] !== undefined && flags[name] !== 0);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new Error(`train(--${flag}): expected a classifier with it, got --task ${task}. Leave out one of the two.`);
}

/** A head of each task that suits a backbone; others by `--head-config`. */
const usualHeads: { readonly [T in HeadTask]: (vit: VitConfig, training: TaskSources[T]) => HeadConfigs[T] } = {
  detect: ({ dim }, { classes }) => ({ dim, classes: classes.length, predictors: { kind: "tokens" }, objective: "softmax" }), // learns sooner than focal
  segment: ({ dim }, { classes }) => ({ kind: "linear", dim, classes: classes.length }),
  depth({ dim, depth, classToken }, { kinds }) {
    const blocks = quarters(depth);
    return {
      dim,
      blocks,
      stridesPx: [4, 8, 16, 32].slice(0, blocks.length), // DPT's
      width: Math.min(dim, 128),
      depth: { kind: "log", nearest: 0.1, farthest: 100 },
      normals: (kinds as readonly string[]).includes("normals"),
      ...(classToken?.at === "last" && { classTokenLast: true }),
    };
  },
};

/** Four blocks of a backbone, evenly spaced up to the last one, or all of a shallower one. */
function quarters(depth: number): string[] {
  const count = Math.min(4, depth);
  return Array.from({ length: count }, (_, i) => String(Math.round(((i + 1) * depth) / count) - 1));
}

/** Fields of each head's config. */
const headFieldNames: Readonly<Record<HeadTask, readonly string[]>> = {
  detect: ["dim", "classes", "predictors", "objective", "levels", "masks"],
  segment: ["kind", "dim", "classes", "kernelStd", "heads", "decoderDim", "depth", "hiddenDim"],
  depth: ["dim", "blocks", "stridesPx", "width", "depth", "normals", "classTokenLast"],
};

function headFields(task: HeadTask, { headConfig: file }: TrainFlags): object {
  if (file === undefined) return {};
  const fields = readJsonObject(file, "--head-config", "a JSON object of fields of the head's config");
  const unknown = Object.keys(fields).find((name) => !headFieldNames[task].includes(name));
  if (unknown === undefined) return fields;
  throw new Error(`train(--head-config): expected fields out of ${headFieldNames[task].join(", ")}, got "${unknown}" in ${file}. Correct its name or leave it out.`);
}
