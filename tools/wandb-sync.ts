/**
 * `node --conditions=@flexivit/source tools/wandb-sync.ts`: shows that the official `wandb sync` uploads our run folders whole.
 *
 * Installs PyPI `wandb` into a temporary virtual environment (python3 and pip; FLEXIVIT_WANDB_VENV names one to keep),
 * and syncs to a server on 127.0.0.1.
 */
import { existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun, readRun, syncRun, type LoggedRow, type WandbOptions } from "@flexivit/run-log";
import { startWandbServer, wandbLine, type WandbServer } from "@flexivit/testing/wandb";
import { runProgram } from "./run-program.ts";

const wandbVersion = "0.31.0";
const folder = mkdtempSync(join(tmpdir(), "wandb-sync-"));
const python = process.env["FLEXIVIT_WANDB_VENV"] ?? join(folder, "venv");

process.env["WANDB_API_KEY"] = "0123456789".repeat(4);
const server = await startWandbServer();
try {
  await installClient();
  await show("offline, 25,000 rows", offlineRun);
  await show("killed by SIGKILL", killedRun);
  await show("live until the server went away", brokenRun);
  await show("live, all sent", wholeRun);
} finally {
  await server.close();
  rmSync(folder, { recursive: true });
}

async function installClient(): Promise<void> {
  if (existsSync(join(python, "bin", "wandb"))) return;
  const steps = [["python3", "-m", "venv", python], [join(python, "bin", "pip"), "install", "--quiet", `wandb==${wandbVersion}`]];
  for (const [program = "", ...args] of steps) {
    const { code, output } = await runProgram(program, args);
    if (code !== 0) throw new Error(`wandb-sync: expected python3 with venv and pip, got:\n${output}`);
  }
}

/** Logs a run, syncs it with the official client, and compares what the server has with what was logged. */
async function show(title: string, log: (target: string, wandb: WandbOptions) => Promise<void>): Promise<void> {
  const target = join(folder, title.replaceAll(/\W+/g, "-"));
  await log(target, { project: "demonstration", baseUrl: server.url, mode: "offline", say: (line) => console.log(line) });
  const run = await readRun(target);
  const before = server.runs.get(run.id)?.history.length ?? 0;
  const [offline = ""] = globSync(join(target, "wandb", "offline-run-*"));
  const begun = performance.now();
  const { code, output } = await runProgram(join(python, "bin", "wandb"), ["sync", offline], { cwd: folder, env: { WANDB_BASE_URL: server.url, HOME: folder } });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const { history = [], files, fields } = server.runs.get(run.id) ?? {};
  const differing = run.rows.filter((row, index) => !isSame(row, history[index])).length;
  const count = (lines: number): string => lines.toLocaleString("en");
  console.log(`${title}: ${count(run.rows.length)} rows logged, ${count(before)} on the server before; wandb sync (exit ${code}, ${seconds} s); ${count(history.length)} on the server, ${differing} differ`);
  console.log(`  group ${String(fields?.["groupName"])}, tags ${String(fields?.["tags"])}, files ${[...(files?.keys() ?? [])].sort().join(" ")}`);
  const again = await syncRun(target);
  console.log(`  flexivit sync: ${again.text}; ${count(server.runs.get(run.id)?.history.length ?? 0)} on the server`);
  if (code !== 0 || differing > 0 || history.length !== run.rows.length + run.media.length) throw new Error(`wandb-sync: not all rows of "${title}" are there once:\n${output}`);
}

function isSame({ step, time, ...values }: LoggedRow, line: string | undefined): boolean {
  if (line === undefined) return false;
  const { _step, _runtime, _timestamp, ...there } = wandbLine(line);
  const sorted = (object: object): string => JSON.stringify(Object.entries(object).map(([name, value]) => [name, String(value)]).sort());
  return _step === step && _runtime === time && typeof _timestamp === "number" && sorted(there) === sorted(values);
}

function rowAt(step: number): Record<string, number | string> {
  return { loss: 1 / (step + 1), odd: [Number.NaN, Infinity, -Infinity, -1e-300][step % 4]!, patchSize: "12x10" };
}

async function offlineRun(target: string, wandb: WandbOptions): Promise<void> {
  const run = await openRun({ folder: target, name: "offline", group: "demonstration", tags: ["a", "b"], notes: "n", jobType: "train", config: { rate: 0.1 }, wandb });
  for (let step = 0; step < 25_000; step++) run.log(rowAt(step), step);
  run.media("classes", { kind: "table", columns: ["name", "count"], rows: [["cat", 3], ["dog", 5]] }, 25_000);
  run.media("weights", { kind: "histogram", edges: [0, 1, 2], counts: [3, 5] }, 25_000);
  run.summary({ best: 0.5 });
  await run.finish("finished");
}

async function killedRun(target: string, wandb: WandbOptions): Promise<void> {
  const { say: _, ...options } = wandb;
  const program = `
    const { openRun } = await import("@flexivit/run-log");
    const run = await openRun(${JSON.stringify({ folder: target, name: "killed", config: {}, wandb: options })});
    for (let step = 0; step < 3000; step++) run.log({ loss: 1 / (step + 1) }, step);
    process.kill(process.pid, "SIGKILL");`;
  await runProgram(process.execPath, ["--conditions=@flexivit/source", "--input-type=module", "-e", program]);
  await new Promise((resolve) => setTimeout(resolve, 3000)); // the shipping process writes the rest of the file
}

async function brokenRun(target: string, wandb: WandbOptions): Promise<void> {
  const run = await openRun({ folder: target, name: "broken", config: {}, wandb: { ...wandb, mode: "live", finishTimeoutMs: 3000 } });
  const logUpTo = (from: number, to: number): void => {
    for (let step = from; step < to; step++) run.log(rowAt(step), step);
  };
  logUpTo(0, 700);
  await until(server, run.id, 700);
  await server.behave("away");
  logUpTo(700, 1900);
  await run.finish("stopped");
  await server.behave("well");
}

async function wholeRun(target: string, wandb: WandbOptions): Promise<void> {
  const run = await openRun({ folder: target, name: "whole", config: {}, wandb: { ...wandb, mode: "live" } });
  for (let step = 0; step < 900; step++) run.log(rowAt(step), step);
  await run.finish("finished");
}

async function until({ runs }: WandbServer, id: string, lines: number): Promise<void> {
  while ((runs.get(id)?.history.length ?? 0) < lines) await new Promise((resolve) => setTimeout(resolve, 50));
}
