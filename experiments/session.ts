import { subset } from "@flexivit/data";
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
  const open = ({ data, channels }: DataChoice): Promise<DataSets> => {
    if (!opened.has(data)) opened.set(data, openSets(data, channels, testPictures));
    return opened.get(data)!;
  };
  return { experiment, options, engine, open };
}

async function openSets(name: string, channels: 1 | 3, testPictures: number): Promise<DataSets> {
  const sets = await openData(name, { channels });
  const { training } = sets;
  const test = firstOf(sets.test, testPictures);
  process.stderr.write(`data: ${name}, ${training.size.toLocaleString("en")} training and ${test.size.toLocaleString("en")} test pictures, ${training.classes.length} classes\n`);
  return { ...sets, test };
}

/** The first pictures of a source, or all of them. */
export function firstOf(source: DataSets["test"], pictures: number): DataSets["test"] {
  return pictures < source.size ? subset(source, Array.from({ length: pictures }, (_, i) => i)) : source;
}
