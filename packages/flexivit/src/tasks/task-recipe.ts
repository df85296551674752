import type { Framing, ScaleCrop } from "@flexivit/data";
import { disposeTree } from "@flexivit/params";
import { gridOf, parseScheme, type Size } from "@flexivit/patch-schemes";
import { checkTraining, trainingDefaults, type TrainingRecipe } from "../training-recipe.ts";
import { tasks } from "./all-tasks.ts";
import type { HeadConfigs, HeadTask, LossOptions } from "./task-model.ts";

/**
 * All choices of one training of a task model, as plain data; `from` is a file whose backbone is taken: of a task model, of a
 * classifier, or of another origin. A task model's head is kept where task, head and classes are the same.
 */
export type TaskRecipe<T extends HeadTask = HeadTask> = TrainingRecipe & {
  task: T;
  head: HeadConfigs[T];
  /** Options of the head's loss beyond its config. */
  loss?: LossOptions[T];
  /** How training pictures are cut, with or without random variations; "scale-crop" for maps only. */
  trainFraming: Framing | ScaleCrop;
};

/** What a recipe takes where nothing is said: crops of 30 to 100 % of the area, test pictures whole. */
export const taskDefaults: Pick<TaskRecipe, keyof typeof trainingDefaults | "trainFraming" | "testFraming"> = {
  ...trainingDefaults,
  // Pillow's resampling, as boxes and maps are exact: the faster one is off by half a pixel where pictures grow.
  trainFraming: { kind: "inception-crop", area: [0.3, 1], resampling: "pil-bilinear" },
  testFraming: { kind: "squash", resampling: "pil-bilinear" },
};

/**
 * Refuses a recipe that could not be trained to its end, before anything is written.
 *
 * @throws where the task does not exist, backbone and head do not fit, the head's config is impossible, and as a
 *   classifier's recipe is refused.
 */
export function checkTaskRecipe<T extends HeadTask>(recipe: TaskRecipe<T>): void {
  const { task, vit, head } = recipe;
  if (!Object.hasOwn(tasks, task)) throw refuse("task", `one of ${Object.keys(tasks).join(", ")}`, JSON.stringify(task), "Use one of these");
  checkTraining(recipe, "checkTaskRecipe");
  if (head.dim !== vit.dim) throw refuse("head.dim", `${vit.dim}, as the backbone has`, String(head.dim), `Set head.dim to ${vit.dim}`);
  disposeTree(tasks[task].init(head, 0));
  tasks[task].check?.(head, vit);
}

function refuse(field: string, expected: string, got: string, remedy: string): Error {
  return new Error(`checkTaskRecipe(${field}): expected ${expected}, got ${got}. ${remedy}.`);
}

/** Patches per side at the finest of the patch sizes that a recipe trains at. */
export function finestCells({ patchSizes, imageSizePx, remainder }: Pick<TrainingRecipe, "patchSizes" | "imageSizePx" | "remainder">): Size {
  const grids = patchSizes.map((size) => gridOf(parseScheme(size), imageSizePx, remainder));
  return [Math.max(...grids.map(({ gridHeight }) => gridHeight)), Math.max(...grids.map(({ gridWidth }) => gridWidth))];
}
