import { join } from "node:path";
import { disposeTree } from "@flexivit/params";
import type { Section } from "@flexivit/run-log";
import type { Experiment, ExperimentOptions } from "./experiment.ts";
import type { Panel } from "./panel.ts";
import type { DataChoice, Plan } from "./plan.ts";
import { present, type StudyPicture } from "./present.ts";
import type { Rule } from "./rules.ts";
import { checkReadyModels } from "./ready-models.ts";
import { openSession, type Session } from "./session.ts";
import { loadSubject, type DataOf, type ModelOf, type Subject } from "./subject.ts";
import { trainedModel, type Trained } from "./trained-model.ts";
import { requireUsed } from "./weights.ts";

/** What the variants of every experiment say. */
export type StudyConfig = DataChoice & {
  /** Test pictures that are used; all unless given. */
  testPictures?: number;
};

/** One seed of an experiment, its models trained. */
export type Trial<Config, S extends Subject = "classify"> = {
  config: Config;
  seed: number;
  data: DataOf<S>;
  models: { plan: Plan; model: ModelOf<S> }[];
  signal: AbortSignal;
};

/** What an experiment says of itself, and what would refute its claims. */
export type StudyText<Config extends StudyConfig> = Omit<Experiment, "run"> & {
  title: string;
  configs: Readonly<Record<string, Config>>;
  rules: (config: Config) => Rule[];
  /** How long the models were trained, for the figures. */
  training: (config: Config) => string;
};

/** An experiment as data and a few functions: which models, what is measured of them, and what would refute the claims. */
export type Study<Config extends StudyConfig, S extends Subject = "classify"> = StudyText<Config> & {
  /** What the models do. */
  subject: S;
  /** The models that a seed compares, in the order of the figures. */
  plans: (config: Config, seed: number, weights?: readonly string[]) => Plan[];
  measure: (trial: Trial<Config, S>) => Promise<Panel[]>;
  /** Further sections of the report, of the first seed. */
  more?: (trial: Trial<Config, S>) => Promise<Section[]>;
  /** Pictures of what the models of the first seed do, for the report and the README. */
  pictures?: (trial: Trial<Config, S>) => Promise<StudyPicture[]>;
};

export type SeedResult = { seed: number; panels: Panel[] };

/** An experiment that trains the models of each seed, measures them, decides, and writes tables, figures and a report. */
export function experimentOf<Config extends StudyConfig>(study: Omit<Study<Config>, "subject">): Experiment {
  return taskExperimentOf<Config, "classify">({ ...study, subject: "classify" });
}

/** The same with models of any task. */
export function taskExperimentOf<Config extends StudyConfig, S extends Subject>(study: Study<Config, S>): Experiment {
  const { name, question, variants } = study;
  return { name, question, variants, run: (options) => runStudy(study, options) };
}

async function runStudy<Config extends StudyConfig, S extends Subject>(study: Study<Config, S>, options: ExperimentOptions): Promise<"finished" | "stopped"> {
  const base = study.configs[options.variant];
  const config = options.data === undefined ? base : { ...base, data: options.data };
  const session = await openSession(study.name, options, config.testPictures);
  const results: SeedResult[] = [];
  const runFolders: string[] = [];
  let shown: { sections: Section[]; pictures: StudyPicture[] } = { sections: [], pictures: [] };
  for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
    const plans = study.plans(config, seed, options.weights);
    requireUsed(options.weights, plans);
    await checkReadyModels(plans, await session.open(config, study.subject));
    const trained = await trainAll(plans, session, options.seeds > 1 ? `, seed ${seed}` : "");
    if (!trained) return "stopped";
    runFolders.push(...trained.flatMap(({ folder }) => folder ?? []));
    const models: Trial<Config, S>["models"] = [];
    for (const [index, { file }] of trained.entries()) models.push({ plan: plans[index], model: await loadSubject(file, study.subject) });
    const trial = { config, seed, data: await session.open(config, study.subject), models, signal: options.signal };
    const panels = await study.measure(trial).catch((error: unknown) => stoppedOr(error, options.signal));
    if (!panels) return "stopped";
    results.push({ seed, panels });
    if (results.length === 1) shown = { sections: (await study.more?.(trial)) ?? [], pictures: (await study.pictures?.(trial)) ?? [] };
    for (const { model } of models) disposeTree(model.params);
  }
  await present({ study, config, session, folder: join(options.out, study.name, options.variant), runFolders, results, ...shown });
  return "finished";
}

/** The weights of all plans of a seed; nothing where training was interrupted. */
async function trainAll(plans: readonly Plan[], session: Session, remark: string): Promise<Trained[] | undefined> {
  const all: Trained[] = [];
  for (const [index, plan] of plans.entries()) {
    const trained = await trainedModel(plan, session, `${plan.name} (${index + 1}/${plans.length}${remark})`);
    if (!trained) return undefined;
    all.push(trained);
  }
  return all;
}

/** Nothing where the error is that of Ctrl-C. */
function stoppedOr(error: unknown, signal: AbortSignal): undefined {
  if (signal.aborted && error === signal.reason) return undefined;
  throw error;
}
