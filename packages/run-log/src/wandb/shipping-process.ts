import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Media } from "../media.ts";
import { readLogLines } from "../read-run.ts";
import { runPaths } from "../run-folder.ts";
import { isEvent } from "../row-format.ts";
import type { ShippingReport, ShippingTask } from "./ship.ts";
import { pathsOf, readState } from "./shipping-state.ts";

export type ShippingProcess = {
  /** Waits until the rest is sent, `timeoutMs` at most, and returns how far it got; never throws. */
  finish(timeoutMs: number): Promise<ShippingReport>;
};

/** What the process gets to write its files and to report, after the time for sending is over. */
const closingMs = 3000;

// The sources run as they are, the package as it was built.
const program = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./ship-process.ts" : "./ship-process.js", import.meta.url));

/**
 * Starts a process that ships a run. It outlives this one by a little where this one is killed, it does not see Ctrl-C, and it keeps
 * no program from ending.
 */
export function startShippingProcess(task: ShippingTask): ShippingProcess {
  const { messages } = pathsOf(task.folder);
  mkdirSync(dirname(messages), { recursive: true });
  const out = openSync(messages, "a");
  const child = fork(program, [], { execArgv: [], detached: true, stdio: ["ignore", out, out, "ipc"] });
  closeSync(out);
  child.on("error", () => {}); // told by the report
  child.send(task, () => {});
  child.unref();
  child.channel?.unref();
  return { finish: (timeoutMs) => finish(child, task, timeoutMs) };
}

async function finish(child: ChildProcess, task: ShippingTask, timeoutMs: number): Promise<ShippingReport> {
  const answer = once(child, "message").then(([report]) => report as ShippingReport);
  const gone = child.exitCode === null && child.connected ? once(child, "exit") : Promise.resolve();
  child.ref();
  child.channel?.ref();
  if (child.connected) child.send({ timeoutMs }, () => {});
  const late = setTimeout(timeoutMs + closingMs, undefined, { ref: false });
  const report = await Promise.race([answer, gone.then(() => undefined), late]).catch(() => undefined);
  if (report === undefined) child.kill("SIGKILL");
  child.unref();
  if (child.connected) child.disconnect();
  return report ?? unreported(task);
}

/** What the files say, where the process ended before it could report. */
function unreported({ folder }: ShippingTask): ShippingReport {
  const paths = pathsOf(folder);
  const state = readState(paths.state);
  const lines = readLogLines(runPaths(folder).log).lines.filter((line) => !isEvent(line) || line.event === "media" || line.event === "artifact");
  const files = lines.filter(({ event, media }) => event === "media" && (media as unknown as Media).kind !== "histogram").length;
  const trouble = `the sending process ended early; see ${paths.messages}`;
  return { lines: lines.length, files, confirmed: state?.confirmed ?? 0, complete: false, url: state?.url, trouble, offlineFolder: paths.folder };
}
