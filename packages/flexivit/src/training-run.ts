import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Skipped } from "@flexivit/data";
import type { Engine } from "@flexivit/engine";
import { accuracyPlot, noLogger, openRun, readRun, writeReport, type LocalRun, type Run, type RunOptions, type Section } from "@flexivit/run-log";
import type { Figures } from "@flexivit/train";
import { figureTitle, isShare } from "./commands/print.ts";
import type { TrainingRecipe } from "./training-recipe.ts";

/** What may always differ on resume: it leaves the weights as they are. */
const harmlessChanges = ["evaluateEvery", "evaluatePatchSizes", "checkpointEvery"];

export type RunRequest = {
  folder: string;
  name: string;
  resume?: boolean;
  /** Keys of the config that may differ on resume. */
  allowChanges?: readonly string[];
  /** Processes that train together, for the record; 1 unless given. */
  ranks?: number;
} & Pick<RunOptions, "group" | "tags" | "notes" | "wandb">;

/** What a run notes of its pictures: `identity` must be the same on resume, wherever they lie. */
export type RunData = { name: string; skipped: readonly Skipped[]; identity: Record<string, number | string> };

/** Where a run keeps its trained model. */
export function modelFile(folder: string): string {
  return join(folder, "model.safetensors");
}

/**
 * Opens the run folder of a training; `isDone` where it holds this very training, finished.
 *
 * @throws where the folder cannot be written, holds another run, or recipe or data differ from those of the run to resume.
 */
export async function openTrainingRun(
  { allowChanges = [], ranks = 1, ...request }: RunRequest,
  recipe: TrainingRecipe,
  { name, skipped, identity }: RunData,
  engine: Engine,
): Promise<{ run: LocalRun; isDone: boolean }> {
  const { folder, resume } = request;
  const before = resume && existsSync(modelFile(folder)) ? (await readRun(folder)).summary : undefined;
  const run = await openRun({
    ...request,
    jobType: "train",
    config: { ...recipe, data: identity },
    allowedChanges: [...harmlessChanges, ...allowChanges],
    environment: { engine, ranks, data: name, skipped: skipped.map(({ file }) => file) },
    report: false, // ours has a figure more
  });
  return { run, isDone: before?.status === "finished" && before.step === recipe.steps };
}

/** The run as ranks above 0 see it: where rank 0 keeps its checkpoints. It writes nothing. */
export function runOfOthers({ folder, name }: RunRequest): LocalRun {
  return { ...noLogger, id: "", name, folder, checkpoints: join(folder, "checkpoints"), resumed: false };
}

/** Figures at a patch size such as "12" or "12x10". */
export type SizeFigures = { patchSize: string; figures: Figures };

/** The figures that a run ended with, in the order in which its recipe names the sizes. */
export async function finalFigures(folder: string): Promise<SizeFigures[]> {
  return bySize((await readRun(folder)).summary.values as Figures);
}

/** Figures of every size, such as `{ "accuracy/12": 0.9, "accuracy/6": 0.8 }`, size by size. */
export function bySize(figures: Figures): SizeFigures[] {
  const sizes = new Map<string, Figures>();
  for (const [name, value] of Object.entries(figures)) {
    const [, figure, patchSize] = /^([A-Za-z0-9]+)\/(.+)$/.exec(name) ?? [];
    if (figure === undefined) continue;
    sizes.set(patchSize, { ...sizes.get(patchSize), [figure]: value });
  }
  return [...sizes].map(([patchSize, ofSize]) => ({ patchSize, figures: ofSize }));
}

/** Writes `report.html` with the figure "accuracy against patch size", or that of the task's first share, before the standard plots, and returns its path. */
export async function writeTrainingReport(folder: string): Promise<string> {
  const run = await readRun(folder);
  const file = join(folder, "report.html");
  await writeReport(file, { title: run.name, sections: figureSection(run), runs: [run] });
  return file;
}

/** Whose pixels the figures of a run count, in words; nothing where they count pictures, or objects, which are compared in the pictures. */
export async function pixelsOf(folder: string): Promise<string | undefined> {
  return pixelsOfRun(await readRun(folder));
}

function pixelsOfRun({ config }: Run): string | undefined {
  const { task } = config as { task?: string };
  return task === "segment" || task === "depth" ? "in pixels of the model's input; flexivit evaluate counts those of the pictures" : undefined;
}

function figureSection(run: Run): Section[] {
  const { name, summary } = run;
  const sizes = bySize(summary.values as Figures);
  const figure = Object.keys(sizes[0]?.figures ?? {}).find(isShare);
  if (figure === undefined || sizes.length < 2) return [];
  const points = sizes.map(({ patchSize, figures }) => ({ patchSize, accuracy: figures[figure] }));
  const title = figureTitle(figure);
  const heading = `${title[0].toUpperCase()}${title.slice(1)} against patch size`;
  const pixels = pixelsOfRun(run);
  return [{ kind: "plot", title: heading, ...(pixels && { caption: `${title}: ${pixels}.` }), spec: accuracyPlot({ lines: [{ name, points }], yTitle: `${title} (%)` }) }];
}
