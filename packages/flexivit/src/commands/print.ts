import type { Skipped } from "@flexivit/data";
import type { Engine } from "@flexivit/engine";

/** Which of the processes that train together this is; rank 0 speaks for all of them. */
let ownRank = 0;

/** From now on this process speaks as this rank: above 0, of its errors only. */
export function speakAs(rank: number): void {
  ownRank = rank;
}

/** Writes a result: as JSON for programs, as text for people. */
export function printResult(json: boolean | undefined, result: unknown, text: () => string): void {
  if (ownRank === 0) process.stdout.write(`${json ? JSON.stringify(result, null, 2) : text()}\n`);
}

/** Writes a remark for people; kept off standard output, where results go. */
export function remark(message: string): void {
  if (ownRank === 0) process.stderr.write(`${message}\n`);
}

/** Writes what went wrong; FLEXIVIT_DEBUG adds where. */
export function remarkError(error: unknown): void {
  process.stderr.write(`${ownRank > 0 ? `rank ${ownRank}: ` : ""}${messageOf(error)}\n`);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return process.env["FLEXIVIT_DEBUG"] ? (error.stack ?? error.message) : error.message;
}

export function remarkEngine({ name, version, threads, kernels, why }: Engine): void {
  remark(`engine: ${name} ${version}, ${counted(threads, "thread")}, ${kernels} kernels (${why})`);
}

const shownFiles = 20;

/** Lists files that were left out. */
export function remarkSkipped(skipped: readonly Skipped[]): void {
  for (const { file, reason } of skipped.slice(0, shownFiles)) remark(`skipped ${file}: ${reason}`);
  if (skipped.length > shownFiles) remark(`skipped ${skipped.length - shownFiles} more`);
}

/** A share as a percentage with two digits. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Figures that are no shares of 1: in the unit of the targets, in metres or degrees, or plain numbers by custom. */
const plainFigures = ["mae", "rmse", "loss", "r2", "absRel", "log10", "silog", "normalMean", "normalMedian"];

const figureTitles: Record<string, string> = {
  meanAveragePrecision: "mean AP",
  microF1: "micro F1",
  macroF1: "macro F1",
  mae: "MAE",
  rmse: "RMSE",
  r2: "R2",
  APsmall: "AP small",
  APmedium: "AP medium",
  APlarge: "AP large",
  meanIou: "mean IoU",
  pixelAccuracy: "pixel accuracy",
  meanAccuracy: "class accuracy",
  absRel: "AbsRel",
  silog: "SILog",
  delta1: "delta 1",
  delta2: "delta 2",
  delta3: "delta 3",
  normalMean: "normals: mean °",
  normalMedian: "median °",
  normalWithin11: "< 11.25°",
  normalWithin22: "< 22.5°",
  normalWithin30: "< 30°",
};

/** A figure's name as tables show it. */
export function figureTitle(name: string): string {
  const isMask = name.startsWith("mask");
  const plain = isMask ? name.slice("mask".length) : name;
  return (isMask ? "mask " : "") + (figureTitles[plain] ?? plain);
}

/** A figure as tables show it: shares in percent, other numbers with four digits. */
export function figureText(name: string, value: number): string {
  return plainFigures.includes(name) ? value.toPrecision(4) : percent(value);
}

/** "1 thread", "2 threads", "60,000 pictures". */
export function counted(count: number, word: string): string {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
