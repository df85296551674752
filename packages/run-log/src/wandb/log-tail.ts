import { closeSync, existsSync, openSync, readSync } from "node:fs";
import type { Artifact, RunStatus } from "../logger.ts";
import type { LoggedMedia } from "../media.ts";
import { decodeLine, isEvent, type LogEvent, type LoggedRow } from "../row-format.ts";
import { jsonText, jsonTexts } from "./json-texts.ts";
import { mediaValue, type MediaFile } from "./media-value.ts";
import type { JsonTexts } from "./wandb-records.ts";

/** A line of W&B's history: a row of the log, a medium, or a file of the run. */
export type HistoryLine = { readonly step: number; readonly values: JsonTexts; readonly file?: MediaFile };

/** A log that is read while it grows. */
export type LogTail = {
  /** The lines that count so far, in the order in which they were logged. */
  readonly lines: readonly HistoryLine[];
  /** How the run ended; undefined while it goes on, and where it was killed. */
  readonly status: RunStatus | undefined;
  /** Seconds of the latest line. */
  readonly time: number;
  /** For each resume, the index of the first line that it made void; infinity where it made none. */
  readonly voids: readonly number[];
  /** Reads what is new. */
  read(): Promise<void>;
  /** Lets go of the values of the first `count` lines; their steps and files stay. */
  forget(count: number): void;
};

const forgotten: JsonTexts = {};

/** Opens a run's log to read it as it grows; a last line without its end waits until it is whole. */
export function openLogTail(path: string): LogTail {
  const nextText = textReader(path);
  const tail = { lines: [] as HistoryLine[], status: undefined as RunStatus | undefined, time: 0, voids: [] as number[], read, forget };
  let kept = 0;
  let clock = { atSeconds: 0, time: 0 };

  async function take(line: LoggedRow | LogEvent): Promise<void> {
    tail.time = Math.max(tail.time, line.time);
    const timestamp = clock.atSeconds + line.time - clock.time;
    if (!isEvent(line)) tail.lines.push(rowLine(line, timestamp));
    else if (line.event === "media") tail.lines.push(await mediaLine(line, timestamp));
    else if (line.event === "artifact") tail.lines.push(artifactLine(line, tail.lines.at(-1)?.step ?? 0, timestamp));
    else if (line.event === "resume") keepUpTo(line.step as number);
    else if (line.event === "finish") tail.status = line.status as RunStatus;
    else if (line.event === "open") {
      tail.status = undefined;
      clock = { atSeconds: Date.parse(line.at as string) / 1000, time: line.time };
    }
  }
  function keepUpTo(step: number): void {
    const first = tail.lines.findIndex((line) => line.step > step);
    tail.voids.push(first < 0 ? Number.POSITIVE_INFINITY : first);
    if (first < 0) return;
    tail.lines = tail.lines.filter((line) => line.step <= step);
    kept = Math.min(kept, first);
  }
  function forget(count: number): void {
    for (; kept < count; kept++) tail.lines[kept] = { ...tail.lines[kept]!, values: forgotten };
  }
  async function read(): Promise<void> {
    for (let text = nextText(); text !== undefined; text = nextText()) {
      for (const line of text.split("\n").map(decodeLine)) if (line) await take(line);
    }
  }
  return tail;
}

/** What W&B adds to every line; a value that was logged under one of these names gives way. */
function rowLine({ step, time, ...values }: LoggedRow, timestamp: number): HistoryLine {
  return { step, values: { ...jsonTexts(values), ...stamps(step, time, timestamp) } };
}

async function mediaLine(event: LogEvent, timestamp: number): Promise<HistoryLine> {
  const { name, step, media } = event as unknown as LoggedMedia;
  // One figure that cannot be drawn must not keep the rest of the run from its way.
  const { value, file } = await mediaValue({ name, step, media }).catch((error: unknown) => ({ value: String(error), file: undefined }));
  return { step, file, values: { [name]: jsonText(value), ...stamps(step, event.time, timestamp) } };
}

/** Where a file of the run lies and its hash, under names such as `checkpoint/path`; at the step before where it has none of its own. */
function artifactLine(event: LogEvent, stepBefore: number, timestamp: number): HistoryLine {
  const { kind, path, sha256, step = stepBefore } = event as unknown as Artifact;
  const values = jsonTexts({ [`${kind}/path`]: path, ...(sha256 !== undefined && { [`${kind}/sha256`]: sha256 }) });
  return { step, values: { ...values, ...stamps(step, event.time, timestamp) } };
}

function stamps(step: number, time: number, timestamp: number): JsonTexts {
  return { _step: jsonText(step), _runtime: jsonText(time), _timestamp: jsonText(Math.round(1000 * timestamp) / 1000) };
}

/** Returns a function that gives the whole lines that are new, about a mebibyte at a time; undefined where there are none. */
function textReader(path: string): () => string | undefined {
  const piece = Buffer.alloc(2 ** 20);
  let [position, rest] = [0, Buffer.alloc(0)];
  return () => {
    if (!existsSync(path)) return undefined;
    const file = openSync(path, "r");
    try {
      for (;;) {
        const count = readSync(file, piece, 0, piece.length, position);
        if (count === 0) return undefined;
        position += count;
        const bytes = Buffer.concat([rest, piece.subarray(0, count)]);
        const end = bytes.lastIndexOf(10) + 1;
        rest = bytes.subarray(end);
        if (end > 0) return bytes.toString("utf8", 0, end - 1);
      }
    } finally {
      closeSync(file);
    }
  };
}
