import { existsSync } from "node:fs";
import { join } from "node:path";
import { disposeTree } from "@flexivit/params";
import { openRun, progressLine, readRun, sha256Of } from "@flexivit/run-log";
import { loadModel, teacherObjective, trainClassifier, trainTask, type DataSets, type TrainedClassifier, type TrainingContext } from "flexivit";
import { firstOf } from "./chosen-pictures.ts";
import { folderName, planHash, type Plan, type TrainedPlan } from "./plan.ts";
import type { Session } from "./session.ts";
import { startingFrom } from "./starting-from.ts";
import { subjectOf, type DataOf, type Subject, type TaskData } from "./subject.ts";

/** Test pictures that are evaluated while a model trains, fewer where each costs more; what is measured afterwards takes all of them. */
const watchedPictures = { classify: 500, detect: 50, segment: 50, depth: 50 } satisfies Record<Subject, number>;

/** The weights of a plan, and the run that made them where one did. */
export type Trained = { file: string; folder?: string };

/**
 * The weights of a plan: from its file, from its finished run, or trained now, after the models that it starts or learns from.
 *
 * @param title what progress calls it
 * @returns nothing where training was interrupted
 * @throws where the folder holds the run of another plan
 */
export async function trainedModel(plan: Plan, session: Session, title: string = plan.name): Promise<Trained | undefined> {
  if (!("recipe" in plan)) return { file: plan.file };
  const folder = runFolder(plan, session);
  const done = { file: join(folder, "model.safetensors"), folder };
  if (await isFinished(folder, plan)) {
    process.stderr.write(`${title}: trained before, from ${folder}\n`);
    return done;
  }
  const before: Record<string, string> = {};
  for (const [use, other] of Object.entries({ from: plan.from, teacher: plan.teacher?.plan })) {
    const trained = other && (await trainedModel(other, session));
    if (other && !trained) return undefined;
    if (trained) before[use] = trained.file;
  }
  return (await trainNow(plan, session, { folder, title, before })) ? done : undefined;
}

function runFolder(plan: TrainedPlan, { options, experiment }: Session): string {
  const { seed } = plan.recipe;
  if (plan.shared) return join(options.out, "pretrained", `${folderName(plan.name)}-seed-${seed}-${planHash(plan)}`);
  return join(options.out, experiment, options.variant, `seed-${seed}`, folderName(plan.name));
}

/** Whether the folder holds this very training, done; refuses a finished run of another plan. */
async function isFinished(folder: string, plan: TrainedPlan): Promise<boolean> {
  if (!existsSync(join(folder, "config.json"))) return false;
  const run = await readRun(folder);
  if (run.summary.status !== "finished") return false;
  if (JSON.stringify(run.config) === JSON.stringify(plan)) return true;
  throw new Error(`experiment(out): expected runs of the present config, got another one in ${folder}. Remove that folder, or choose another with --out.`);
}

type Place = { folder: string; title: string; before: Record<string, string> };

async function trainNow(plan: TrainedPlan, session: Session, { folder, title, before }: Place): Promise<boolean> {
  const { options, engine, experiment } = session;
  const data = await session.open(plan, subjectOf(plan.recipe));
  const run = await openRun({
    folder,
    name: plan.name,
    group: plan.shared ? "pretrained" : `${experiment}/${options.variant}`,
    tags: [`seed ${plan.recipe.seed}`],
    config: plan,
    resume: options.resume,
    wandb: options.wandb && { ...options.wandb, name: `${plan.name}, seed ${plan.recipe.seed}` },
    environment: { engine, data: data.name },
  });
  const progress = progressLine({ total: plan.recipe.steps, label: title });
  try {
    const onStep: TrainingContext["onStep"] = ({ step, loss, imagesPerSecond, patchSize }) => progress.update({ step, loss, imagesPerSecond, patchSize });
    const status = await fit(plan, before, data, { run, signal: options.signal, onStep });
    progress.finish();
    await run.finish(status);
    return status === "finished";
  } catch (error) {
    progress.finish();
    await run.finish("failed");
    throw error;
  }
}

type FitContext = Pick<TrainingContext, "run" | "signal" | "onStep">;

async function fit(plan: TrainedPlan, before: Record<string, string>, data: DataOf<Subject>, context: FitContext): Promise<"finished" | "stopped"> {
  const start = before["from"];
  const recipe = start === undefined ? plan.recipe : await startingFrom(plan.recipe, start, plan.ownStorage);
  const sets = { training: data.training, test: firstOf(data.test, watchedPictures[subjectOf(recipe)]) };
  const { status, model, file, step } =
    "task" in recipe
      ? await trainTask(recipe, { ...context, ...(sets as TaskData<typeof recipe.task>) })
      : await fitClassifier({ ...plan, recipe }, before["teacher"], { ...context, ...(sets as DataSets) });
  disposeTree(model.params);
  if (status === "finished") context.run.artifact({ kind: "model", path: file, step, sha256: await sha256Of(file) });
  return status;
}

async function fitClassifier({ recipe, teacher: lesson }: TrainedPlan<"classify">, teacherFile: string | undefined, context: TrainingContext): Promise<TrainedClassifier> {
  const teacher = teacherFile === undefined ? undefined : await loadModel(teacherFile);
  try {
    return await trainClassifier(recipe, { ...context, objective: teacher && teacherObjective(recipe, teacher, lesson!) });
  } finally {
    disposeTree(teacher?.params);
  }
}
