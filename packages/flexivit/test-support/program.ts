import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { runCommandLine } from "../src/command-line.ts";

/** What a run of the program gave. */
export type Outcome = { code: number; out: string; err: string };

/** Runs `flexivit` in this process, on the engine of the test. */
export async function flexivit(...args: string[]): Promise<Outcome> {
  const texts = { out: "", err: "" };
  const keep = (name: "out" | "err") => (text: unknown) => ((texts[name] += String(text)), true);
  const spies = [vi.spyOn(process.stdout, "write").mockImplementation(keep("out")), vi.spyOn(process.stderr, "write").mockImplementation(keep("err"))];
  try {
    return { code: await runCommandLine(args), ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Starts `flexivit` as a program of its own, which `end` waits for. */
export function startFlexivit(args: readonly string[], environment: NodeJS.ProcessEnv = {}): { send: (signal: NodeJS.Signals) => void; end: Promise<Outcome> } {
  const program = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@flexivit/source", program, ...args], { env: { ...process.env, ...environment } });
  const texts = { out: "", err: "" };
  child.stdout.on("data", (text) => (texts.out += text));
  child.stderr.on("data", (text) => (texts.err += text));
  const end = once(child, "close").then(([code]) => ({ code: code as number, ...texts }));
  return { send: (signal) => void child.kill(signal), end };
}

/** How many training steps a run has logged. */
export function stepsIn(folder: string): number {
  const file = `${folder}/log.jsonl`;
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter((line) => line.includes('"loss"')).length : 0;
}

/** Waits until a run has logged `count` steps. */
export async function untilSteps(folder: string, count: number): Promise<void> {
  while (stepsIn(folder) < count) await setTimeout(2);
}
