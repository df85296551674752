import { describeTask } from "../tasks/task-file.ts";
import type { HeadTask } from "../tasks/task-model.ts";

/** What the command line calls a task; "classify" is every classifier's, also of several classes or numbers. */
export type CommandTask = "classify" | HeadTask;

export const commandTasks: readonly CommandTask[] = ["classify", "detect", "segment", "depth"];

/**
 * The task of a checkpoint, which `asked` must agree with.
 *
 * @throws where it is of another task than the one that is asked for, naming the command
 */
export async function taskOf(checkpoint: string, asked: CommandTask | undefined, command: string): Promise<CommandTask> {
  const isHead = asked !== undefined && asked !== "classify";
  // What cannot be read is left to the reader of classifiers, which says what it expects.
  const info = await describeTask(checkpoint).catch((error: unknown) => {
    if (isHead) throw error;
    return undefined;
  });
  const task = info?.task ?? "classify";
  if (asked === undefined || asked === task) return task;
  throw new Error(`${command}(--task): expected ${task}, which ${checkpoint} was trained for, got ${asked}. Leave --task out, or name another checkpoint.`);
}
