import { existsSync } from "node:fs";
import { join } from "node:path";
import { subset } from "@flexivit/data";
import type { Engine } from "@flexivit/engine";
import { openRun, progressLine, readRun } from "@flexivit/run-log";
import { loadModel, trainClassifier, type ClassifierModel, type DataSets } from "flexivit";
import type { ExperimentOptions } from "../experiment.ts";
import type { ModelPlan } from "./config.ts";

/** Test pictures that are evaluated while a model trains; the comparison takes all of them. */
const watchedPictures = 1000;

type Training = { plan: ModelPlan; data: DataSets; folder: string; engine: Engine; options: ExperimentOptions; title: string };

/** The trained model of a plan: from its finished run, or trained now; nothing where training was interrupted. */
export async function trainedModel(training: Training): Promise<ClassifierModel | undefined> {
  const { plan, folder } = training;
  if (await isFinished(folder, plan)) {
    process.stderr.write(`${training.title}: trained before, from ${folder}\n`);
    return loadModel(join(folder, "model.safetensors"));
  }
  return trainNow(training);
}

/** Whether the folder holds this very training, done; refuses a finished run of another recipe. */
async function isFinished(folder: string, plan: ModelPlan): Promise<boolean> {
  if (!existsSync(join(folder, "config.json"))) return false;
  const run = await readRun(folder);
  if (run.summary.status !== "finished") return false;
  if (JSON.stringify(run.config) === JSON.stringify(plan.recipe)) return true;
  throw new Error(`experiment(out): expected runs of the present config, got another one in ${folder}. Remove that folder, or choose another with --out.`);
}

async function trainNow({ plan, data, folder, engine, options, title }: Training): Promise<ClassifierModel | undefined> {
  const { recipe } = plan;
  const run = await openRun({
    folder,
    name: plan.name,
    group: `accuracy-vs-patch-size/${options.variant}`,
    tags: [`seed ${recipe.seed}`],
    config: recipe,
    resume: options.resume,
    wandb: options.wandb && { ...options.wandb, name: `${plan.name}, seed ${recipe.seed}` },
    environment: { engine, data: data.name },
  });
  const progress = progressLine({ total: recipe.steps, label: title });
  try {
    const onStep = ({ step, loss, imagesPerSecond, patchSize }: { step: number; loss: number; imagesPerSecond: number; patchSize: string }): void =>
      progress.update({ step, loss, imagesPerSecond, patchSize });
    const watched = subset(data.test, Array.from({ length: Math.min(watchedPictures, data.test.size) }, (_, i) => i));
    const { status, model } = await trainClassifier(recipe, { training: data.training, test: watched, run, signal: options.signal, onStep });
    progress.finish();
    await run.finish(status);
    return status === "finished" ? model : undefined;
  } catch (error) {
    progress.finish();
    await run.finish("failed");
    throw error;
  }
}
