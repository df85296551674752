import { subset, type ImageSource } from "@flexivit/data";
import { useEngine, type Engine } from "@flexivit/engine";
import { openData, type DataSets } from "flexivit";
import type { ExperimentOptions } from "./experiment.ts";
import type { DataChoice } from "./plan.ts";

/** What all trainings and measurements of one command share. */
export type Session = {
  experiment: string;
  options: ExperimentOptions;
  engine: Engine;
  /** Opens a data set, each one once; its test pictures are cut to what the variant uses. */
  open: (choice: DataChoice) => Promise<DataSets>;
};

/** Starts the engine and says which one it is. */
export async function openSession(experiment: string, options: ExperimentOptions, testPictures = Infinity): Promise<Session> {
  const engine = await useEngine();
  process.stderr.write(`engine: ${engine.name} ${engine.version}, ${engine.threads} threads, ${engine.kernels} kernels (${engine.why})\n`);
  const opened = new Map<string, Promise<DataSets>>();
  const open = (choice: DataChoice): Promise<DataSets> => {
    const key = JSON.stringify([choice.data, choice.classes]);
    if (!opened.has(key)) opened.set(key, openSets(choice, testPictures));
    return opened.get(key)!;
  };
  return { experiment, options, engine, open };
}

async function openSets({ data: name, channels, classes }: DataChoice, testPictures: number): Promise<DataSets> {
  const sets = await openData(name, { channels });
  const training = classes ? ofClasses(sets.training, classes) : sets.training;
  const test = firstOf(classes ? ofClasses(sets.test, classes) : sets.test, testPictures);
  process.stderr.write(`data: ${name}, ${training.size.toLocaleString("en")} training and ${test.size.toLocaleString("en")} test pictures, ${training.classes.length} classes\n`);
  return { ...sets, training, test };
}

/** The pictures of some classes, which are then all there are. */
export function ofClasses(source: ImageSource, classes: readonly string[]): ImageSource {
  const label = (index: number): number => classes.indexOf(source.classes[source.labels[index]]);
  const chosen = subset(source, Array.from(source.labels.keys()).filter((index) => label(index) >= 0));
  const labels = chosen.labels.map((old) => classes.indexOf(source.classes[old]));
  return { ...chosen, classes: [...classes], labels };
}

/** The first pictures of a source, or all of them. */
export function firstOf(source: ImageSource, pictures: number): ImageSource {
  return pictures < source.size ? subset(source, Array.from({ length: pictures }, (_, i) => i)) : source;
}
