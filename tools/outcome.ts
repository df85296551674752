import { stripVTControlCharacters } from "node:util";
import type { Finished } from "./run-program.ts";

/** What came of a stage; `details` is shown where something failed or was left out. */
export type Outcome = { passed: number; failed: number; skipped: number; details: string };

/** A finished program as one check. */
export function outcomeOf({ code, output }: Finished): Outcome {
  return code === 0
    ? { passed: 1, failed: 0, skipped: 0, details: "" }
    : { passed: 0, failed: 1, skipped: 0, details: stripVTControlCharacters(output).trimEnd().split("\n").slice(-120).join("\n") };
}

export function leftOut(reason: string): Outcome {
  return { passed: 0, failed: 0, skipped: 1, details: reason };
}
