import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { writeAtomic } from "../atomic-file.ts";

const lookMs = 250;
const longestWaitMs = 5000;
/** A file that nobody has touched for so long is left from a process that was killed, whose number may be another's now. */
const staleMs = 10_000;

/** Returns the process that ships a run now, by the file that names it; undefined where there is none. */
export function ownerOf(path: string): number | undefined {
  if (!existsSync(path) || Date.now() - statSync(path).mtimeMs > staleMs) return undefined;
  const pid = Number(readFileSync(path, "utf8"));
  return isAlive(pid) ? pid : undefined;
}

/**
 * Makes this process the one that ships a run: one that still sends the rest of a killed program sees it and leaves.
 *
 * `leave` is called when another process takes over.
 */
export async function takeOver(path: string, leave: () => void): Promise<void> {
  const before = ownerOf(path);
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, String(process.pid));
  setInterval(() => look(path, leave), lookMs).unref();
  if (before !== undefined) await untilGone(before);
}

/** Says that this process is done. */
export function release(path: string): void {
  if (ownerOf(path) === process.pid) rmSync(path, { force: true });
}

function look(path: string, leave: () => void): void {
  if (!existsSync(path)) return;
  if (Number(readFileSync(path, "utf8")) === process.pid) utimesSync(path, new Date(), new Date());
  else leave();
}

async function untilGone(pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < longestWaitMs && isAlive(pid); waitedMs += lookMs) await setTimeout(lookMs);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
