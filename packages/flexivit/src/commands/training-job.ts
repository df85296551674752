import { disposeTree } from "@flexivit/params";
import type { Communicator } from "@flexivit/parallel";
import { identityOf, taskIdentityOf } from "../data-identity.ts";
import { openData } from "../open-data.ts";
import { hasSplits, openTaskData, type TaskData } from "../open-task-data.ts";
import { checkRecipe } from "../recipe.ts";
import { checkFreeze, keepsHead, startingPointOf } from "../starting-point.ts";
import { taskRecipeOf } from "../task-plan.ts";
import { firstTaskWeights, keepsTaskHead } from "../tasks/first-task-weights.ts";
import type { HeadTask, TaskInfo } from "../tasks/task-model.ts";
import { checkTaskRecipe } from "../tasks/task-recipe.ts";
import { taskInfoOf, trainTask } from "../tasks/train-task.ts";
import { trainClassifier } from "../train-classifier.ts";
import { planOf, recipeOf, teacherOf, type TrainPlan } from "../train-plan.ts";
import type { RunContext } from "../training-options.ts";
import type { TrainingRecipe } from "../training-recipe.ts";
import type { RunData } from "../training-run.ts";
import { counted } from "./print.ts";
import { refuseFlags } from "./task-of.ts";
import type { TrainFlags } from "./train-flags.ts";

/** A training that is ready to begin. */
export type TrainingJob = {
  recipe: TrainingRecipe;
  data: RunData;
  /** Data and model in words. */
  about: { data: string; model: string };
  fit: (context: RunContext) => Promise<{ status: "finished" | "stopped"; step: number; file: string }>;
};

/** The training of a classifier that the flags ask for; throws where it could not be done to its end. */
export async function classifierJob(flags: TrainFlags, { size: ranks }: Communicator): Promise<TrainingJob> {
  const { val, pictures, valPictures, headConfig, lossWeights } = flags;
  refuseFlags("train", { "--val": val, "--pictures": pictures, "--val-pictures": valPictures, "--head-config": headConfig, "--loss-weights": lossWeights }, "--task detect, segment or depth", "--task classify");
  const plan = await planned(flags);
  const { start } = plan;
  const sets = await openData(flags.data, { ...flags, channels: start?.info.vit.channels as 1 | 3 | undefined });
  const { name, training, test, heldOut, task, skipped } = sets;
  const recipe = { ...recipeOf({ ...flags, accumulate: flags.accumulate ?? ranks }, plan, sets), ...(await teacherOf(flags)) };
  checkRecipe(recipe);
  await checkFreeze(recipe, training.classes);
  const targets = task === "regression" ? counted(training.classes.length, "number") : `${training.classes.length} classes`;
  const held = heldOut ? " (a tenth, held out)" : "";
  return {
    recipe,
    data: { name, skipped, identity: identityOf(sets) },
    about: {
      data: `${name}, ${counted(training.size, "training picture")}, ${counted(test.size, "test picture")}${held}, ${targets}`,
      model: start ? `${start.from.file} with ${keepsHead(start.info, training.classes) ? "its" : "a new"} head` : `ViT-${plan.variant}`,
    },
    fit: (context) => trainClassifier(recipe, { ...context, training, test, task }),
  };
}

/** The training of a detector, a segmenter, or of depths that the flags ask for; throws where it could not be done to its end. */
export async function taskJob<T extends HeadTask>(task: T, flags: TrainFlags, { size: ranks }: Communicator): Promise<TrainingJob> {
  const plan = await planned(flags);
  const { strict, val, valPictures } = flags;
  if (val === undefined) refuseFlags("train", { "--val-pictures": valPictures }, "--val", "none");
  const training = await openTaskData(task, flags.data, { split: "training", pictures: flags.pictures, strict });
  const test: TaskData<T> = await openTaskData(task, testSetOf(flags), { split: "validation", pictures: valPictures, strict });
  const recipe = taskRecipeOf(task, { ...flags, accumulate: flags.accumulate ?? ranks }, plan, training);
  checkTaskRecipe(recipe);
  const info = taskInfoOf(recipe, training);
  if (recipe.freeze.length > 0) disposeTree(await firstTaskWeights(recipe, info)); // a wrong name must not leave a run folder behind
  return {
    recipe,
    data: { name: flags.data, skipped: [...training.skipped, ...test.skipped], identity: taskIdentityOf({ training, test }) },
    about: {
      data: `${flags.data}, ${counted(training.size, "training picture")}, ${counted(test.size, "test picture")}${training.classes.length > 0 ? `, ${training.classes.length} classes` : ""}`,
      model: `${modelBefore(plan, info)} head to ${task === "depth" ? "estimate depth" : task}`,
    },
    fit: (context) => trainTask(recipe, { ...context, training, test }),
  };
}

/** What a task's training starts from, up to the word before its head. */
function modelBefore({ start, variant }: TrainPlan, info: TaskInfo): string {
  if (!start) return `ViT-${variant} with a`;
  return start.task && keepsTaskHead(start.task, info) ? `${start.from.file} with its` : `backbone of ${start.from.file} with a new`;
}

async function planned(flags: TrainFlags): Promise<TrainPlan> {
  return planOf(flags, flags.from === undefined ? undefined : await startingPointOf(flags.from));
}

function testSetOf({ data, val }: TrainFlags): string {
  if (val !== undefined) return val;
  if (hasSplits(data)) return data;
  throw new Error(`train(--val): expected pictures to test on beside ${data}, got none. Name them with --val.`);
}
