import { useEngine, type Engine } from "@flexivit/engine";
import { openData, type DataSets } from "flexivit";
import { firstOf, ofClasses } from "./chosen-pictures.ts";
import type { ExperimentOptions } from "./experiment.ts";
import type { DataChoice } from "./plan.ts";
import type { DataOf, Subject } from "./subject.ts";
import { openTaskData } from "./task-data.ts";

/** What all trainings and measurements of one command share. */
export type Session = {
  experiment: string;
  options: ExperimentOptions;
  engine: Engine;
  /** Opens the data of a task, each one once; its test pictures are cut to what the variant uses. */
  open: <S extends Subject>(choice: DataChoice, subject: S) => Promise<DataOf<S>>;
};

/** Starts the engine and says which one it is. */
export async function openSession(experiment: string, options: ExperimentOptions, testPictures = Infinity): Promise<Session> {
  const engine = await useEngine();
  process.stderr.write(`engine: ${engine.name} ${engine.version}, ${engine.threads} threads, ${engine.kernels} kernels (${engine.why})\n`);
  const opened = new Map<string, Promise<DataOf<Subject>>>();
  const open = <S extends Subject>(choice: DataChoice, subject: S): Promise<DataOf<S>> => {
    const key = JSON.stringify([subject, choice.data, choice.classes]);
    if (!opened.has(key)) opened.set(key, openSets(choice, subject, testPictures));
    return opened.get(key) as Promise<DataOf<S>>;
  };
  return { experiment, options, engine, open };
}

async function openSets(choice: DataChoice, subject: Subject, testPictures: number): Promise<DataOf<Subject>> {
  const sets = subject === "classify" ? await openPictures(choice) : await openTaskData(subject, choice.data);
  const test = firstOf(sets.test, testPictures);
  const { training } = sets;
  process.stderr.write(`data: ${choice.data}, ${training.size.toLocaleString("en")} training and ${test.size.toLocaleString("en")} test pictures, ${training.classes.length} classes\n`);
  return { ...sets, test } as DataOf<Subject>;
}

async function openPictures({ data, channels, classes }: DataChoice): Promise<DataSets> {
  const sets = await openData(data, { channels });
  if (!classes) return sets;
  return { ...sets, training: ofClasses(sets.training, classes), test: ofClasses(sets.test, classes) };
}
