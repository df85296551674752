import { disposeTree } from "@flexivit/params";
import { initVit } from "@flexivit/vit";
import { requirePlaces, startedFrom } from "../starting-point.ts";
import { tasks } from "./all-tasks.ts";
import type { HeadTask, TaskInfo, TaskParams } from "./task-model.ts";
import type { TaskRecipe } from "./task-recipe.ts";

/**
 * The weights before the first step: fresh ones, or a backbone from the file that the recipe starts from, with its head where
 * that is of the same task, config and classes. Kernel and positions are resized once where the recipe stores them otherwise.
 *
 * @throws where the file holds another backbone than the recipe's, or has changed, or there is nothing where the recipe
 *   would freeze.
 */
export async function firstTaskWeights<T extends HeadTask>(recipe: TaskRecipe<T>, info: TaskInfo<T>): Promise<TaskParams<T>> {
  return requirePlaces(await startingWeights(recipe, info), recipe.freeze);
}

async function startingWeights<T extends HeadTask>({ from, vit, task, head, seed }: TaskRecipe<T>, info: TaskInfo<T>): Promise<TaskParams<T>> {
  const fresh = (): TaskParams<T>["head"] => tasks[task].init(head, seed);
  if (!from) return { backbone: initVit(vit, seed), head: fresh() };
  const { backbone, head: classifier, task: before } = await startedFrom(from, vit);
  disposeTree(classifier);
  if (before && keepsHead(before.info, info)) return { backbone, head: before.params.head as TaskParams<T>["head"] };
  disposeTree(before?.params.head);
  return { backbone, head: fresh() };
}

const keepsHead = (before: TaskInfo, now: TaskInfo): boolean => (["task", "head", "classes"] as const).every((field) => JSON.stringify(before[field]) === JSON.stringify(now[field]));
