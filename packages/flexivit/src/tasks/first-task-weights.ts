import { loadVit } from "@flexivit/checkpoint";
import { disposeTree } from "@flexivit/params";
import { initVit, type VitConfig, type VitParams } from "@flexivit/vit";
import { requirePlaces, sha256Of, type StartingPoint } from "../starting-point.ts";
import { tasks } from "./all-tasks.ts";
import { describeTask, loadTaskModel } from "./task-file.ts";
import type { HeadTask, TaskInfo, TaskModel, TaskParams } from "./task-model.ts";
import type { TaskRecipe } from "./task-recipe.ts";

/**
 * The weights before the first step: fresh ones, or a backbone from the file that the recipe starts from, with its head where
 * that is of the same task, config and classes.
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
  const { backbone, model } = await backboneOf(from, vit);
  if (model && keepsHead(model.info, info)) return { backbone, head: model.params.head as TaskParams<T>["head"] };
  disposeTree(model?.params.head);
  return { backbone, head: fresh() };
}

const keepsHead = (before: TaskInfo, now: TaskInfo): boolean => (["task", "head", "classes"] as const).every((field) => JSON.stringify(before[field]) === JSON.stringify(now[field]));

/** The backbone of a file, which must be the one that the recipe knew; `model` where it is a task model's. */
async function backboneOf({ file, sha256 }: StartingPoint, vit: VitConfig): Promise<{ backbone: VitParams; model?: TaskModel }> {
  const isTask = (await describeTask(file)) !== undefined;
  const model = isTask ? await loadTaskModel(file) : undefined;
  const { params: backbone, config } = model ? { params: model.params.backbone, config: model.info.vit } : await loadVitAlone(file);
  if ((await sha256Of(file)) === sha256 && JSON.stringify(config) === JSON.stringify(vit)) return { backbone, model };
  disposeTree(backbone, model?.params.head);
  throw new Error(`firstTaskWeights(from): expected the backbone that this recipe was made for, got another in ${file}. Make the recipe again.`);
}

async function loadVitAlone(file: string): Promise<{ params: VitParams; config: VitConfig }> {
  const { params, config, head } = await loadVit(file);
  disposeTree(head);
  return { params, config };
}
