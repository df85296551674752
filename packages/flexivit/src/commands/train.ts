import { existsSync } from "node:fs";
import { join } from "node:path";
import { useEngine } from "@flexivit/engine";
import { exchange, type Communicator } from "@flexivit/parallel";
import { progressLine, sha256Of, textTable, type LocalRun } from "@flexivit/run-log";
import { onInterrupt, type Figures } from "@flexivit/train";
import { Command } from "commander";
import type { TrainingRecipe } from "../training-recipe.ts";
import { bySize, finalFigures, modelFile, openTrainingRun, pixelsOf, runOfOthers, writeTrainingReport } from "../training-run.ts";
import { Stopped } from "./exit.ts";
import { counted, figureText, figureTitle, printResult, remark, remarkEngine, remarkSkipped } from "./print.ts";
import { amongRanks } from "./ranks.ts";
import { addTrainFlags, type TrainFlags } from "./train-flags.ts";
import { classifierJob, taskJob, type TrainingJob } from "./training-job.ts";
import { wandbRunOptions } from "./wandb-flags.ts";
import { requireWritableFolder } from "./writable.ts";

/** `flexivit train`: one model for many patch sizes. */
export function trainCommand(): Command {
  return addTrainFlags(new Command("train"))
    .addHelpText("after", examples)
    .action((flags: TrainFlags) => amongRanks(flags.ranks, (communicator) => trainModel(flags, communicator)));
}

const examples = `
Examples:
  flexivit train --data fashion-mnist
  flexivit train --data pictures --variant Ti --image-size 96 --patch-sizes 32,24,16,12,8 --epochs 20
  flexivit train --data pictures --patch-sizes 16 --name fixed-16
  flexivit train --data flowers --from runs/flexible/model.safetensors --patch-size 30 --freeze backbone --name flowers
  flexivit train --data labels.csv --draw gaussian --draw-centre 16 --draw-std 6 --name several-classes
  flexivit train --data pictures --schemes schemes.json --model-config model.json --wandb vision --name mine
  flexivit train --task detect --data coco:coco2017 --from runs/flexible/model.safetensors --image-size 480 --name detector
  flexivit train --task segment --data ade20k:ADEChallengeData2016 --head-config head.json --name segmenter
  flexivit train --task depth --data nyu:train --val nyu:test --name depth
  flexivit train --data pictures --ranks 2
  mpirun -n 8 --host one:4,two:4 --bind-to none npx flexivit train --data pictures

Ctrl-C stops after the step and saves. The same command with --resume goes on, to the very weights of an unbroken run.`;

async function trainModel(flags: TrainFlags, communicator: Communicator): Promise<void> {
  const { rank, size: ranks } = communicator;
  if (rank === 0) await requireFolder(flags);
  const engine = await useEngine({ threads: flags.threads });
  const { task, out, name, resume, allowChanges } = flags;
  const job = task === "classify" ? await classifierJob(flags, communicator) : await taskJob(task, flags, communicator);
  const { recipe, data } = job;
  remarkWork(job);
  remarkEngine(engine);
  if (ranks > 1) remark(`ranks:  ${ranks}, each with its share of the ${recipe.accumulate} parts of a batch`);
  const request = { folder: join(out, name), name, resume, allowChanges, ranks, ...wandbRunOptions(flags) };
  const { run, isDone } = rank === 0 ? await openTrainingRun(request, recipe, data, engine) : { run: runOfOthers(request), isDone: false };
  if ((await exchange(communicator, isDone))[0]) await leaveAsItIs(run, recipe);
  else await trainRun(run, job, communicator);
  if (rank === 0) await printTrained(run, recipe, flags.json);
}

/** Before anything is read: the folder can be written, and a run is not overwritten. */
async function requireFolder({ out, name, resume }: TrainFlags): Promise<void> {
  const folder = join(out, name);
  await requireWritableFolder(folder, "train(--out)");
  if (resume || !existsSync(join(folder, "config.json"))) return;
  throw new Error(`train(--name): expected the name of a new run, got ${name}, whose run is in ${folder}. Give another --name, or --resume to go on with that run.`);
}

function remarkWork({ data, about, recipe: { imageSizePx, patchSizes, steps, batchSize } }: TrainingJob): void {
  remarkSkipped(data.skipped);
  remark(`data:   ${about.data}`);
  remark(`model:  ${about.model} at ${imageSizePx} px, ${patchSizes.length === 1 ? "patch size" : "patch sizes"} ${patchSizes.join(" ")}; ${counted(steps, "step")} of ${counted(batchSize, "picture")}`);
}

async function leaveAsItIs(run: LocalRun, { steps }: TrainingRecipe): Promise<void> {
  await run.finish("finished");
  remark(`This run is finished: all ${counted(steps, "step")} were done before.`);
}

async function trainRun(run: LocalRun, { recipe, fit }: TrainingJob, communicator: Communicator): Promise<void> {
  const progress = progressLine({ total: recipe.steps, label: run.name });
  const isFirst = communicator.rank === 0;
  const interrupt = onInterrupt(isFirst ? progress.print : undefined);
  try {
    const { status, step, file } = await fit({
      run,
      communicator,
      signal: interrupt.signal,
      onStep: ({ step, loss, patchSize, imagesPerSecond }) => progress.update({ step, loss, patchSize, imagesPerSecond }),
      onEvaluation: (figures, step) => progress.print(evaluationLine(step, figures)),
    });
    progress.finish();
    if (isFirst && status === "finished") run.artifact({ kind: "model", path: file, step, sha256: await sha256Of(file) });
    await run.finish(status);
    if (isFirst) await report(run.folder);
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

const goOn = "--resume goes on with it, with other values where --allow-changes names them, as in --allow-changes optimizer.learningRate.";

/** A report that fails must not fail the run, whose rows and weights are safe. */
async function report(folder: string): Promise<void> {
  try {
    await writeTrainingReport(folder);
  } catch (error) {
    remark(`warning: the report of ${folder} could not be written: ${String(error)}`);
  }
}

function evaluationLine(step: number, figures: Figures): string {
  const sizes = bySize(figures);
  const [name] = Object.keys(sizes[0]?.figures ?? {}); // the task's main figure comes first
  const entries = sizes.map((at) => `${at.patchSize}: ${figureText(name, at.figures[name])}`);
  return `step ${step}  ${figureTitle(name)} at patch size  ${entries.join("  ")}`;
}

async function printTrained({ folder }: LocalRun, { steps }: TrainingRecipe, json: boolean | undefined): Promise<void> {
  const evaluations = await finalFigures(folder);
  const flat = evaluations.map(({ patchSize, figures }) => ({ patchSize, ...figures }));
  const pixels = await pixelsOf(folder);
  const result = { steps, evaluations: flat, model: modelFile(folder), report: join(folder, "report.html") };
  printResult(json, result, () => {
    const names = Object.keys(evaluations[0]?.figures ?? {});
    const rows = evaluations.map(({ patchSize, figures }) => [patchSize, ...names.map((name) => figureText(name, figures[name]))]);
    return `${textTable(["patch size", ...names.map(figureTitle)], rows)}\n${pixels ? `${pixels}\n` : ""}\nmodel:  ${result.model}\nreport: ${result.report}`;
  });
}
