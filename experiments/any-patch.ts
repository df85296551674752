import { parseScheme } from "@flexivit/patch-schemes";
import type { VitConfig } from "@flexivit/vit";
import { evaluateTask, type HeadTask, type TaskModel, type TaskRecipe } from "flexivit";
import type { Panel, PanelLine } from "./panel.ts";
import type { TrainedPlan } from "./plan.ts";
import { fixedVit, lasting } from "./recipes.ts";
import type { StudyConfig, Trial } from "./study.ts";
import type { RecipeOf, TaskData } from "./subject.ts";
import type { Unit } from "./unit.ts";

/** How a model of a task is trained: everything of a recipe but the transformer, the patch sizes and the seed. */
export type TaskTraining<T extends HeadTask> = Omit<TaskRecipe<T>, "vit" | "patchSizes" | "evaluatePatchSizes" | "seed">;

/** One variant of an experiment that compares a flexible model of a task with fixed ones at every patch size. */
export type AnyPatchConfig<T extends HeadTask> = StudyConfig & {
  /** Sizes that the flexible model draws from and that every model is evaluated at, coarse to fine. */
  patchSizes: string[];
  /** Sizes at which a fixed model of its own is trained. */
  fixedPatchSizes: string[];
  /** The same for all models but for the number of steps. */
  training: TaskTraining<T>;
  /** Steps of the flexible model, where it does not take as many as a fixed one. */
  flexibleSteps?: number;
  /** The flexible model's transformer; a fixed one stores its weights at its own patch size and grid. */
  vit: VitConfig;
  /** Kept where other experiments find the models, under names that begin so. */
  keptAs?: string;
  /** What the models start from: those of this variant, each from the one of its own sizes. */
  from?: AnyPatchConfig<HeadTask>;
};

/** The flexible model and the fixed ones. */
export function anyPatchPlans<T extends HeadTask>(config: AnyPatchConfig<T>, seed: number): TrainedPlan[] {
  const { patchSizes, fixedPatchSizes, training, vit, flexibleSteps = training.steps, keptAs, from } = config;
  const starts = from && anyPatchPlans(from, seed);
  const plan = (name: string, index: number, model: { vit: VitConfig; patchSizes: string[] }, own: TaskTraining<T> = training): TrainedPlan => {
    const recipe: TaskRecipe<T> = { ...own, ...model, evaluatePatchSizes: model.patchSizes, seed };
    const { data, channels } = config;
    const plain = { name: keptAs ? `${keptAs} ${name}` : name, data, channels, recipe: recipe as RecipeOf<T> } as TrainedPlan;
    return { ...plain, ...(keptAs ? { shared: true } : {}), ...(starts ? { from: starts[index] } : {}) };
  };
  const longer = flexibleSteps === training.steps ? training : { ...training, ...lasting(training, flexibleSteps) };
  const fixed = fixedPatchSizes.map((size, i) => plan(fixedName(size), 1 + i, { vit: fixedVit(vit, size, training.imageSizePx), patchSizes: [size] }));
  return [plan("flexible", 0, { vit, patchSizes }, longer), ...fixed];
}

const fixedName = (size: string): string => `fixed ${size}`;

/** A figure of an evaluation that becomes a panel. */
export type ShownFigure = { figure: string; title: string; quantity: string; unit?: Unit };

/** Every model at every patch size, fixed ones by PI-resize off their own size: a panel per figure. */
export async function measureAnyPatch<T extends HeadTask>({ config, data, models, signal }: Trial<AnyPatchConfig<T>, T>, shown: readonly ShownFigure[]): Promise<Panel[]> {
  const { patchSizes, fixedPatchSizes } = config;
  const names = [{ name: "flexible", bold: true }, ...fixedPatchSizes.map((trainedAt) => ({ name: fixedName(trainedAt), trainedAt }))];
  const lines: PanelLine[][] = shown.map(() => []);
  for (const [index, name] of names.entries()) {
    const model = models[index].model as TaskModel<T>;
    const figures = [];
    for (const size of patchSizes) figures.push((await evaluateTask(model, (data as TaskData<T>).test, parseScheme(size), { signal, pixels: "input" })).figures);
    for (const [panel, { figure }] of shown.entries()) lines[panel].push({ ...name, values: figures.map((all) => all[figure] ?? Number.NaN) }); // sizes of objects that do not occur have no figure
  }
  const axis = "patch size (pixels) at evaluation, coarse to fine";
  return shown.map(({ title, quantity, unit }, panel) => ({ title, quantity, ...(unit ? { unit } : {}), axis, ticks: patchSizes, lines: lines[panel] }));
}

/** How long the models of a variant are trained, in words. */
export function trainingText<T extends HeadTask>({ training: { imageSizePx, steps }, flexibleSteps = steps }: AnyPatchConfig<T>): string {
  return `${imageSizePx} px, ${flexibleSteps === steps ? `${steps} steps per model` : `${flexibleSteps} steps flexible, ${steps} steps each fixed`}`;
}
