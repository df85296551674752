import { writeJson } from "./atomic-file.ts";
import { openLogFile } from "./log-file.ts";
import type { Row, RunStatus, Value } from "./logger.ts";
import { checkMedia, type Media } from "./media.ts";
import { readLogLines, readSummary, type RunSummary } from "./read-run.ts";
import { encodeRow, encodeValue, isEvent } from "./row-format.ts";
import { runPaths } from "./run-folder.ts";

/** The two files of a run that grow with it: `log.jsonl` and `summary.json`. */
export type Journal = {
  row(row: Row, step: number): void;
  media(name: string, media: Media, step: number): void;
  event(event: string, content: Readonly<Record<string, unknown>>): void;
  /** Makes rows of steps after `step`, written so far, void. */
  resumeAfter(step: number): void;
  summary(values: Row): void;
  /** Waits until everything written so far would outlive a power loss. */
  sync(): void;
  /** Ends the log and returns true; false where it was ended before. */
  close(status: RunStatus): boolean;
};

/** Opens a run's journal; its clock and its summary go on from what the folder holds. */
export function openJournal(folder: string): Journal {
  const file = openLogFile(runPaths(folder).log);
  const past = readPast(folder);
  const startedAtMs = performance.now() - 1000 * past.time;
  const seconds = () => Math.round(performance.now() - startedAtMs) / 1000;
  let { step: lastStep, hasRows: resumeIsDue } = past;
  let isOpen = true;

  function requireOpen(method: string): void {
    if (!isOpen) throw new Error(`${method}: expected an open run, got a finished one. Call it before finish().`);
  }
  function event(name: string, content: Readonly<Record<string, unknown>>): void {
    requireOpen(`${name}()`);
    file.append(JSON.stringify(encodeValue({ event: name, time: seconds(), ...content })));
  }
  function resumeAfter(step: number): void {
    event("resume", { step });
    resumeIsDue = false;
  }
  function saveSummary(status: RunSummary["status"]): void {
    writeJson(runPaths(folder).summary, encodeValue({ status, step: lastStep, time: seconds(), values: past.values }));
  }
  return {
    event,
    resumeAfter,
    row(row, step) {
      requireOpen("log(row)");
      requireStep(step);
      if (resumeIsDue) resumeAfter(step - 1);
      file.append(encodeRow(row, step, seconds()));
      lastStep = step;
    },
    media(name, media, step) {
      requireStep(step);
      checkMedia(media);
      if (resumeIsDue) resumeAfter(step - 1);
      event("media", { name, step, media });
    },
    summary(values) {
      requireOpen("summary(values)");
      Object.assign(past.values, values);
      saveSummary("running");
    },
    sync: file.sync,
    close(status) {
      if (!isOpen) return false;
      event("finish", { status });
      isOpen = false;
      file.sync();
      file.close();
      saveSummary(status);
      return true;
    },
  };
}

type Past = { time: number; step: number | undefined; hasRows: boolean; values: Record<string, Value> };

function readPast(folder: string): Past {
  const { lines } = readLogLines(runPaths(folder).log);
  const step = lines.findLast((line) => !isEvent(line))?.step as number | undefined;
  const time = lines.reduce((latest, line) => Math.max(latest, line.time), 0);
  return { time, step, hasRows: step !== undefined, values: { ...readSummary(folder).values } };
}

function requireStep(step: number): void {
  if (Number.isInteger(step) && step >= 0) return;
  throw new Error(`log(step): expected a whole number, 0 or above, got ${step}. Count steps from 0 or 1.`);
}
