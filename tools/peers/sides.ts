import { join } from "node:path";
import { type Finished, runTypeScript } from "../run-program.ts";
import { root } from "../workspace.ts";
import { installPyTorch, runPython } from "./pytorch.ts";
import type { Measurement, Spec } from "./spec.ts";

/** The processes of both sides for one specification, in the order of their runs. */
export type Duel = { flexivit: Measurement[]; pytorch: Measurement[] };

/** `rounds` times a process of ours and then one of PyTorch, so that both meet the same machine. */
export async function duel(spec: Spec, rounds: number): Promise<Duel> {
  const result: Duel = { flexivit: [], pytorch: [] };
  for (let round = 0; round < rounds; round++) {
    result.flexivit.push(await ours("our-vit.ts", [JSON.stringify(spec)]));
    result.pytorch.push(await pytorch("pytorch-vit.py", [JSON.stringify(spec)]));
  }
  return result;
}

/** What a program of ours prints, in a process of its own. */
export async function ours<T>(program: string, args: readonly string[]): Promise<T> {
  return parsed(program, await runTypeScript([join(root, "tools/peers/programs", program), ...args], { timeoutMs: 3_600_000 }));
}

/** What a Python program prints. */
export async function pytorch<T>(program: string, args: readonly string[]): Promise<T> {
  return parsed(program, await runPython(await installPyTorch(), [join("programs", program), ...args]));
}

function parsed<T>(program: string, { code, stdout, output }: Finished): T {
  if (code !== 0) throw new Error(`peers: expected a measurement of ${program}, it ended with code ${code}:\n${output}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}
