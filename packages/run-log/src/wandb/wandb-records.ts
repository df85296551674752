import { message, type Field } from "./protobuf.ts";
import type { RunIdentity } from "../run-folder.ts";

/** Values by name, each as a JSON text; NaN and the infinities are these bare words, as W&B's own client writes them. */
export type JsonTexts = Readonly<Record<string, string>>;

/** What the record of a run says. */
export type RunHead = RunIdentity & {
  readonly project: string;
  readonly entity?: string;
  readonly host: string;
  readonly config: JsonTexts;
};

/*
 * The records of a `.wandb` file. Source: wandb_internal.proto in PyPI `wandb` 0.31.0, whose numbers these are; which
 * fields count was found by uploading files with its `wandb sync`.
 */
const record = (kind: number, ...fields: readonly Field[]): Buffer => message([1, 1], [kind, message(...fields)]);

/** The first record: who wrote the file, and the oldest client that can read it. */
export function headerRecord(): Buffer {
  return record(21, [1, message([1, "0.31.0"], [2, "0.70.0"])]);
}

export function runRecord({ id, entity, project, config, group, jobType, name, notes, tags, host, createdAt }: RunHead): Buffer {
  const text = (number: number, value: string | undefined): Field[] => (value === undefined ? [] : [[number, value]]);
  return record(
    17,
    [1, id],
    ...text(2, entity),
    [3, project],
    [4, message(...items(1, config))],
    ...text(6, group),
    ...text(7, jobType),
    [8, name],
    ...text(9, notes),
    ...tags.map((tag) => [10, tag] as const),
    [13, host],
    [17, message([1, Math.floor(Date.parse(createdAt) / 1000)])],
  );
}

/** A line of history; its values hold `_step`, `_runtime` and `_timestamp` too. */
export function historyRecord(step: number, values: JsonTexts): Buffer {
  return record(2, ...items(1, values), [2, message([1, step])]);
}

/** New values of the summary. */
export function summaryRecord(values: JsonTexts): Buffer {
  return record(3, ...items(1, values));
}

/** Files of the run's `files` folder that are to be uploaded, by their paths there. */
export function filesRecord(paths: readonly string[]): Buffer {
  return record(6, ...paths.map((path) => [1, message([1, path])] as const));
}

/** The end of a run. */
export function exitRecord(exitCode: number, runtimeSeconds: number): Buffer {
  return record(18, [1, exitCode], [2, Math.round(runtimeSeconds)]);
}

function items(number: number, values: JsonTexts): Field[] {
  return Object.entries(values).map(([name, text]) => [number, message([1, name], [16, text])]);
}
