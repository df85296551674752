import { fileURLToPath } from "node:url";
import { explained } from "./failure.ts";
import { runCommand } from "./run-command.ts";
import type { Started } from "./use-engine.ts";

const timeoutMs = 3 * 60_000;

/** Starts an engine from its folders in a process of its own, so that a crash there is a message here. */
export async function runSelfTest(engine: "native" | "webgpu", folders: string[], logFile: string): Promise<Started> {
  const script = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./self-test.ts" : "./self-test.js", import.meta.url));
  const printed = await runCommand(process.execPath, [script, engine, ...folders], { timeoutMs, logFile }).catch(
    explained("the built engine failed its self-test", `See ${logFile}`),
  );
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "") as Started;
}
