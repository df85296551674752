import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { readSummary } from "../read-run.ts";
import { decodeValue } from "../row-format.ts";
import { readJson, runPaths, type RunManifest } from "../run-folder.ts";
import { configTexts, jsonText, jsonTexts } from "./json-texts.ts";
import { openLogTail, type HistoryLine, type LogTail } from "./log-tail.ts";
import { openOfflineFile, type OfflineFile } from "./offline-file.ts";
import { readState, sameTarget, wandbPaths, writeState, type ShippingState, type WandbTarget } from "./shipping-state.ts";
import type { JsonTexts, RunHead } from "./wandb-records.ts";

/** A run on its way to W&B: how much of its log is in the `.wandb` file, and how much the server has confirmed. */
export type Shipment = {
  readonly folder: string;
  readonly paths: ReturnType<typeof wandbPaths>;
  readonly head: RunHead;
  readonly target: WandbTarget;
  readonly file: OfflineFile;
  tail: LogTail;
  /** The last value of every name, and the run's final figures. */
  summary: JsonTexts;
  /** Lines that the server has confirmed. */
  confirmed: number;
  /** Lines that went into the file, and the index of the first one that is in it now. */
  written: number;
  fileFrom: number;
  /** Resumes of the log that were taken into account. */
  resumes: number;
  /** The first line that a resume made void while lines were being sent. */
  voidFrom: number;
  complete: boolean;
  isClosed: boolean;
  url?: string;
};

/** Opens the shipment of a run folder where the one before left it, and brings its `.wandb` file up to date. */
export async function openShipment(folder: string, target: WandbTarget): Promise<Shipment> {
  const { config, ...identity } = readJson<RunManifest>(runPaths(folder).config, undefined as never);
  const paths = wandbPaths(folder, identity);
  const head: RunHead = { ...identity, ...target, name: target.name ?? identity.name, host: hostname(), config: configTexts(decodeValue(config)) };
  const before = readState(paths.state);
  const known = before && sameTarget(before.target, target) ? before : undefined;
  const tail = openLogTail(runPaths(folder).log);
  await tail.read();
  const confirmed = Math.min(confirmedBefore(known, paths.file), ...tail.voids.slice(known?.resumes), tail.lines.length);
  const file = openOfflineFile(paths.file, head);
  const progress = { summary: {}, confirmed, written: 0, fileFrom: 0, resumes: 0, voidFrom: Number.POSITIVE_INFINITY, complete: false, isClosed: false, url: known?.url };
  const shipment: Shipment = { folder, paths, head, target, file, tail, ...progress };
  summarise(shipment, tail.lines);
  restartFile(shipment);
  return shipment;
}

/** What the server has: as it confirmed, or all that was in the file when `wandb sync` was through with it. */
function confirmedBefore(state: ShippingState | undefined, file: string): number {
  const marker = `${file}.synced`;
  const isSynced = existsSync(file) && existsSync(marker) && statSync(marker).mtimeMs >= statSync(file).mtimeMs;
  return (isSynced ? state?.written : state?.confirmed) ?? 0;
}

/** Puts what is new in the log into the file. */
export async function catchUp(shipment: Shipment): Promise<void> {
  await shipment.tail.read();
  if (shipment.tail.voids.length > shipment.resumes) await takeBack(shipment);
  const fresh = shipment.tail.lines.slice(shipment.written);
  summarise(shipment, fresh);
  if (fresh.length === 0) return;
  shipment.file.append(fresh, shipment.summary);
  shipment.written += fresh.length;
  saveState(shipment);
}

/** Forgets about lines that a resume made void. */
async function takeBack(shipment: Shipment): Promise<void> {
  const voidFrom = Math.min(...shipment.tail.voids.slice(shipment.resumes));
  shipment.voidFrom = Math.min(shipment.voidFrom, voidFrom);
  shipment.confirmed = Math.min(shipment.confirmed, voidFrom);
  shipment.tail = openLogTail(runPaths(shipment.folder).log); // the values of earlier lines may be forgotten
  await shipment.tail.read();
  summarise(shipment, shipment.tail.lines);
  restartFile(shipment);
}

/** Notes that the server has lines up to `count`, and takes them out of the file, so that `wandb sync` adds none twice. */
export function confirm(shipment: Shipment, count: number): void {
  if (shipment.isClosed) return; // it came too late
  shipment.confirmed = Math.min(count, shipment.voidFrom);
  shipment.tail.forget(shipment.confirmed);
  saveState(shipment);
  const [remaining, gone] = [shipment.written - shipment.confirmed, shipment.confirmed - shipment.fileFrom];
  if (gone > 0 && remaining <= gone) restartFile(shipment); // so that a long file is not written over and over
}

/** Writes the file anew with the lines that the server does not have. */
export function restartFile(shipment: Shipment): void {
  const { file, tail, confirmed, summary } = shipment;
  const filePaths = tail.lines.slice(0, confirmed).flatMap((line) => line.file?.path ?? []);
  file.restart(tail.lines.slice(confirmed), summary, filePaths);
  shipment.fileFrom = confirmed;
  shipment.written = tail.lines.length;
  shipment.resumes = tail.voids.length;
  saveState(shipment);
}

/** Ends the file: nothing in it that the server has, and where the run has ended, its exit code and its report. */
export function closeFile(shipment: Shipment): void {
  const exitCode = exitCodeOf(shipment);
  const { file, tail, confirmed, fileFrom, folder } = shipment;
  if (fileFrom < confirmed) restartFile(shipment);
  else file.append([], shipment.summary);
  if (exitCode !== undefined) file.end({ exitCode, runtimeSeconds: tail.time, report: runPaths(folder).report });
  file.close();
  shipment.isClosed = true;
  saveState(shipment);
}

const exitCodes = { finished: 0, failed: 1, stopped: 130 } as const;

/** The exit code of a run; undefined while it goes on, and where it was killed. */
export function exitCodeOf({ tail }: Shipment): number | undefined {
  return tail.status && exitCodes[tail.status];
}

export function saveState({ paths, target, confirmed, written, resumes, complete, url }: Shipment): void {
  writeState(paths.state, { format: 1, target, confirmed, written, resumes, complete, url });
}

function summarise(shipment: Shipment, lines: readonly HistoryLine[]): void {
  const values = { ...shipment.summary };
  for (const line of lines) Object.assign(values, line.values);
  const runtime = jsonText({ runtime: Math.round(shipment.tail.time) });
  shipment.summary = { ...values, ...jsonTexts(readSummary(shipment.folder).values), _wandb: runtime };
}
