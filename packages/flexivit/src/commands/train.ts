import { join } from "node:path";
import { useEngine } from "@flexivit/engine";
import { progressLine, textTable, type LocalRun } from "@flexivit/run-log";
import { onInterrupt, type Figures } from "@flexivit/train";
import { Command } from "commander";
import { openData, type DataSets } from "../open-data.ts";
import { checkRecipe, type ClassifierRecipe } from "../recipe.ts";
import { trainClassifier } from "../train-classifier.ts";
import { planOf, recipeOf, type TrainPlan } from "../train-plan.ts";
import { accuraciesOf, finalAccuracies, modelFile, openTrainingRun, writeTrainingReport } from "../training-run.ts";
import { Stopped } from "./exit.ts";
import { counted, percent, printResult, remark, remarkEngine, remarkSkipped } from "./print.ts";
import { addTrainFlags, type TrainFlags } from "./train-flags.ts";
import { wandbRunOptions } from "./wandb-flags.ts";

/** `flexivit train`: one classifier for many patch sizes. */
export function trainCommand(): Command {
  return addTrainFlags(new Command("train").description("Train a classifier that works at every patch size")).addHelpText("after", examples).action(trainModel);
}

const examples = `
Examples:
  flexivit train --data fashion-mnist
  flexivit train --data pictures --variant Ti --image-size 96 --patch-sizes 32,24,16,12,8 --epochs 20
  flexivit train --data pictures --patch-sizes 16 --name fixed-16

Ctrl-C stops after the step and saves. The same command with --resume goes on, to the very weights of an unbroken run.`;

async function trainModel(flags: TrainFlags): Promise<void> {
  const plan = planOf(flags);
  const data = await openData(flags.data, flags);
  const recipe = recipeOf(flags, plan, data);
  checkRecipe(recipe);
  const engine = await useEngine({ threads: flags.threads });
  remarkWork(plan, data, recipe);
  remarkEngine(engine);
  const { out, name, resume, allowChanges } = flags;
  const { run, isDone } = await openTrainingRun({ folder: join(out, name), name, resume, allowChanges, ...wandbRunOptions(flags) }, recipe, data, engine);
  if (isDone) await leaveAsItIs(run, recipe);
  else await trainRun(run, recipe, data);
  await printTrained(run, recipe, flags.json);
}

function remarkWork({ variant }: TrainPlan, data: DataSets, { imageSizePx, patchSizes, steps, batchSize }: ClassifierRecipe): void {
  remarkSkipped(data.skipped);
  const { name, training, test, heldOut } = data;
  const held = heldOut ? " (a tenth, held out)" : "";
  remark(`data:   ${name}, ${counted(training.size, "training picture")}, ${counted(test.size, "test picture")}${held}, ${training.classes.length} classes`);
  remark(`model:  ViT-${variant} at ${imageSizePx} px, patch sizes ${patchSizes.join(" ")}; ${counted(steps, "step")} of ${counted(batchSize, "picture")}`);
}

async function leaveAsItIs(run: LocalRun, { steps }: ClassifierRecipe): Promise<void> {
  await run.finish("finished");
  remark(`This run is finished: all ${counted(steps, "step")} were done before.`);
}

async function trainRun(run: LocalRun, recipe: ClassifierRecipe, data: DataSets): Promise<void> {
  const progress = progressLine({ total: recipe.steps, label: run.name });
  const interrupt = onInterrupt(progress.print);
  try {
    const { status, step } = await trainClassifier(recipe, {
      ...data,
      run,
      signal: interrupt.signal,
      onStep: ({ step, loss, patchSize, imagesPerSecond }) => progress.update({ step, loss, patchSize, imagesPerSecond }),
      onEvaluation: (figures, step) => progress.print(evaluationLine(step, figures)),
    });
    progress.finish();
    await run.finish(status);
    await report(run.folder);
    if (status === "stopped") throw new Stopped(`Stopped after step ${step} of ${recipe.steps}. To go on, run the same command with --resume.`);
  } catch (error) {
    progress.finish();
    await run.finish("failed").catch(() => undefined); // the first error tells more
    if (!(error instanceof Stopped)) remark(`The run stays in ${run.folder}. ${goOn}`);
    throw error;
  } finally {
    interrupt.release();
  }
}

const goOn = "--resume goes on with it, with other values where --allow-changes names them, as in --allow-changes learningRate.";

/** A report that fails must not fail the run, whose rows and weights are safe. */
async function report(folder: string): Promise<void> {
  try {
    await writeTrainingReport(folder);
  } catch (error) {
    remark(`warning: the report of ${folder} could not be written: ${String(error)}`);
  }
}

function evaluationLine(step: number, figures: Figures): string {
  const entries = accuraciesOf(figures).map(({ patchSize, accuracy }) => `${patchSize}: ${(100 * accuracy).toFixed(1)}`);
  return `step ${step}  accuracy (%) at patch size  ${entries.join("  ")}`;
}

async function printTrained({ folder }: LocalRun, { steps }: ClassifierRecipe, json: boolean | undefined): Promise<void> {
  const accuracies = await finalAccuracies(folder);
  const result = { steps, accuracies, model: modelFile(folder), report: join(folder, "report.html") };
  printResult(json, result, () => {
    const rows = accuracies.map(({ patchSize, accuracy }) => [patchSize, percent(accuracy)]);
    return `${textTable(["patch size", "accuracy"], rows)}\n\nmodel:  ${result.model}\nreport: ${result.report}`;
  });
}
