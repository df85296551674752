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

/** Throws where one of the flags, by their names, is given: they are for `expected`, and this is something else. */
export function refuseFlags(command: string, flags: Readonly<Record<string, unknown>>, expected: string, got: string): void {
  const given = Object.entries(flags).find(([, value]) => value !== undefined);
  if (given) throw new Error(`${command}(${given[0]}): expected ${expected} with it, got ${got}. Leave it out.`);
}

/** What flags of these tasks ask for, in the words of errors. */
export const headTasks: string = "a checkpoint of detect, segment or depth";
