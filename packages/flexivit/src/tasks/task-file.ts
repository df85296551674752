import { loadParams, readMetadata, saveParams, type Metadata } from "@flexivit/checkpoint";
import { countParams, disposeTree, leaves } from "@flexivit/params";
import { checkVitConfig, shapesOf, vitSpec } from "@flexivit/vit";
import { tasks } from "./all-tasks.ts";
import type { HeadTask, TaskInfo, TaskModel, TaskParams } from "./task-model.ts";

const format = "flexivit-task-1";

/** Writes a task model to one `.safetensors` file, its configuration and class names included. */
export async function saveTaskModel<T extends HeadTask>(file: string, { params, info }: TaskModel<T>): Promise<void> {
  await saveParams(file, params, { format, info });
}

/**
 * What a task model's file says beside the weights; nothing where it is no such file.
 *
 * @throws where the file is missing or damaged, or of a task that there is not.
 */
export async function describeTask(file: string): Promise<TaskInfo | undefined> {
  return infoIn(await readMetadata(file), file);
}

/**
 * Reads a task model that `saveTaskModel` or `trainTask` wrote. Its weights are the caller's to dispose.
 *
 * @throws where the file is missing, damaged or of another kind, or its weights are not those of its configuration.
 */
export async function loadTaskModel(file: string): Promise<TaskModel> {
  const info = await describeTask(file);
  if (!info) throw refuse(file, "a model of a task", "another file", "Train one with trainTask or flexivit train --task");
  const params = (await loadParams(file)).params as TaskParams;
  try {
    requireShapes(params, info, file);
    return { params, info };
  } catch (error) {
    disposeTree(params);
    throw error;
  }
}

function infoIn(metadata: Metadata, file: string): TaskInfo | undefined {
  if (metadata["format"] !== format) return undefined;
  const info = metadata["info"] as TaskInfo | undefined;
  if (info && Object.hasOwn(tasks, info.task)) return { ...info, vit: checkVitConfig(info.vit, "loadTaskModel") };
  throw refuse(file, `one of the tasks ${Object.keys(tasks).join(", ")}`, JSON.stringify(info?.task) ?? "none", "Take a newer version of flexivit");
}

function requireShapes<T extends HeadTask>(params: TaskParams<T>, { task, vit, head }: TaskInfo<T>, file: string): void {
  const [claimed, values] = [largestIn({ vit, head }), countParams(params)];
  if (claimed > values) throw refuse(file, `a config whose sizes are at most its ${values} weights`, String(claimed), "Write the file again");
  const fresh = tasks[task].init(head, 0);
  const headShapes = leaves(fresh).map(({ path, tensor }): [string, string] => [`head/${path}`, String(tensor.shape)]);
  disposeTree(fresh);
  const wanted = new Map([...[...shapesOf(vitSpec(vit))].map(([path, shape]): [string, string] => [`backbone/${path}`, String(shape)]), ...headShapes]);
  for (const { path, tensor } of leaves(params)) {
    if (wanted.get(path) !== String(tensor.shape)) throw refuse(file, `"${path}" of shape [${wanted.get(path) ?? "none"}]`, `[${tensor.shape}]`, "Write the file again");
    wanted.delete(path);
  }
  for (const path of wanted.keys()) throw refuse(file, `weights "${path}"`, "none", "Write the file again");
}

/** The largest number in plain data: a note may claim any size, but each is an axis or a count of weights, so the file bounds it. */
function largestIn(data: unknown): number {
  if (typeof data === "number") return data;
  return typeof data === "object" && data !== null ? Object.values(data).reduce((most: number, value) => Math.max(most, largestIn(value)), 0) : 0;
}

function refuse(file: string, expected: string, got: string, remedy: string): Error {
  return new Error(`loadTaskModel(file): expected ${expected}, got ${got} in ${file}. ${remedy}.`);
}
