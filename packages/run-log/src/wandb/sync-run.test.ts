import { existsSync, globSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWandbFile, startWandbServer, wandbLine, type WandbServer } from "@flexivit/testing/wandb";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openRun, type RunOptions } from "../open-run.ts";
import { syncRun } from "./sync-run.ts";

beforeAll(() => {
  vi.stubEnv("WANDB_API_KEY", "0123456789".repeat(4));
  for (const name of ["WANDB_MODE", "WANDB_PROJECT", "WANDB_ENTITY", "WANDB_BASE_URL"]) vi.stubEnv(name, undefined);
});
afterAll(() => vi.unstubAllEnvs());

const newFolder = (): string => join(mkdtempSync(join(tmpdir(), "sync-run-")), "run");

/** A finished run of `rows` rows. */
async function runOf(rows: number, more: Partial<RunOptions> = {}): Promise<{ folder: string; id: string }> {
  const run = await openRun({ folder: newFolder(), name: "n", config: { rate: 0.5 }, report: false, ...more });
  for (let step = 0; step < rows; step++) run.log({ loss: 1 / (step + 1) }, step);
  await run.finish("finished");
  return run;
}

const stepsAt = (server: WandbServer, id: string): unknown[] => server.runs.get(id)!.history.map((line) => wandbLine(line)["_step"]);
const stepsTo = (count: number): number[] => Array.from({ length: count }, (_, step) => step);
const quiet = { say: () => {} };

it("sends a run that was logged without W&B, and the second time sends nothing", async () => {
  const server = await startWandbServer();
  const { folder, id } = await runOf(30);
  const offlineFolder = expect.stringMatching(new RegExp(`wandb/offline-run-\\d{8}_\\d{6}-${id}$`));
  const report = { lines: 30, files: 0, confirmed: 30, complete: true, url: `${server.url}/team/own/runs/${id}`, offlineFolder, text: `W&B: all 30 rows sent: ${server.url}/team/own/runs/${id}` };
  expect(await syncRun(folder, { baseUrl: server.url, project: "own", entity: "team" })).toEqual(report);
  expect(stepsAt(server, id)).toEqual(stepsTo(30));
  // Where it goes is known now.
  expect(await syncRun(folder)).toEqual(report);
  expect(server.linesReceived()).toBe(30);
  expect(server.runs.get(id)).toMatchObject({ complete: true, exitCode: 0, fields: { project: "own", entity: "team" } });
  await server.close();
});

it("sends the rest of a run that the server has a part of, and what the server has lost", async () => {
  const server = await startWandbServer(500);
  const { folder, id } = await runOf(40, { wandb: { baseUrl: server.url, finishTimeoutMs: 200, ...quiet } });
  await server.behave("well");
  expect((await syncRun(folder)).confirmed).toBe(40);
  server.runs.get(id)!.history.length = 25;
  expect((await syncRun(folder)).confirmed).toBe(40);
  expect(stepsAt(server, id)).toEqual(stepsTo(40));
  expect(server.linesReceived()).toBe(40 + 15);
  await server.close();
});

it("sends nothing a second time that `wandb sync` has sent, and then what was logged since", async () => {
  const server = await startWandbServer();
  const wandb = { baseUrl: server.url, mode: "offline", ...quiet } as const;
  const { folder, id } = await runOf(20, { wandb });
  // What the official client does: it adds the lines of the file to those that the server has, and leaves a mark.
  const [file = ""] = globSync(join(folder, "wandb", "*", "*.wandb"));
  const there = readWandbFile(readFileSync(file)).history.map(({ _step, loss }) => `{"_step":${_step},"loss":${loss}}`);
  server.runs.set(id, { fields: {}, history: there, summary: {}, complete: true, files: new Map() });
  writeFileSync(`${file}.synced`, "");
  const run = await openRun({ folder, name: "n", config: { rate: 0.5 }, report: false, resume: true, wandb });
  for (let step = 20; step < 27; step++) run.log({ loss: 0 }, step);
  await run.finish("finished");
  expect(readWandbFile(readFileSync(file)).history.map(({ _step }) => Number(_step))).toEqual([20, 21, 22, 23, 24, 25, 26]);
  expect(existsSync(`${file}.synced`)).toBe(false);
  expect((await syncRun(folder)).confirmed).toBe(27);
  expect(stepsAt(server, id)).toEqual(stepsTo(27));
  expect(server.linesReceived()).toBe(7);
  await server.close();
});

it("sends the whole run to another server, also where that does not tell how many rows it has", async () => {
  const [first, second] = [await startWandbServer(), await startWandbServer("well", { tellsLines: false })];
  const { folder, id } = await runOf(10, { wandb: { baseUrl: first.url, project: "p", ...quiet } });
  expect(await syncRun(folder, { baseUrl: second.url })).toMatchObject({ confirmed: 10, url: `${second.url}/someone/p/runs/${id}` });
  expect(stepsAt(second, id)).toEqual(stepsTo(10));
  expect((await syncRun(folder)).confirmed).toBe(10);
  expect([first.linesReceived(), second.linesReceived()]).toEqual([10, 10]);
  await Promise.all([first.close(), second.close()]);
});

it("sends 3,000 rows of 10 kB to a server that takes 10 MiB at once", async () => {
  const server = await startWandbServer("well", { mostBytes: 10 * 2 ** 20 });
  const run = await openRun({ folder: newFolder(), name: "n", config: {}, report: false });
  for (let step = 0; step < 3000; step++) run.log({ text: String(step % 10).repeat(10_000) }, step);
  await run.finish("finished");
  expect(await syncRun(run.folder, { baseUrl: server.url })).toMatchObject({ lines: 3000, confirmed: 3000, complete: true });
  expect(stepsAt(server, run.id)).toEqual(stepsTo(3000));
  expect(server.linesReceived()).toBe(3000);
  await server.close();
});

it("says what stands in the way", async () => {
  const server = await startWandbServer(403);
  const { folder } = await runOf(3);
  const { text, ...report } = await syncRun(folder, { baseUrl: server.url });
  expect(report).toMatchObject({ lines: 3, confirmed: 0, complete: false, trouble: "the server refuses the API key (status 403)" });
  expect(text).toContain("W&B: 0 of 3 rows sent (the server refuses the API key (status 403)); send the rest with: flexivit sync ");
  await server.close();
});

it("refuses a folder without a run, a missing key, and a run that is being sent", async () => {
  await expect(syncRun("/nowhere")).rejects.toThrow(
    new Error("syncRun(folder): expected a folder with config.json, got /nowhere. Pass the folder of a run."),
  );
  const { folder } = await runOf(2, { wandb: { baseUrl: "http://127.0.0.1:9", mode: "offline", ...quiet } });
  vi.stubEnv("WANDB_API_KEY", undefined);
  vi.stubEnv("NETRC", "/nowhere");
  await expect(syncRun(folder)).rejects.toThrow(
    new Error("syncRun(folder): expected an API key for http://127.0.0.1:9, got none. Set WANDB_API_KEY, or run: wandb login"),
  );
  vi.stubEnv("WANDB_API_KEY", "0123456789".repeat(4));
  const owner = join(folder, "wandb", "owner");
  writeFileSync(owner, String(process.pid));
  await expect(syncRun(folder)).rejects.toThrow(
    new Error(`syncRun(folder): expected a run that nobody is sending, got one that process ${process.pid} sends. Wait until it has ended.`),
  );
  // A file that was left behind by a killed process does not count, whoever has its number now.
  utimesSync(owner, 0, 0);
  expect((await syncRun(folder, { timeoutMs: 6000 })).trouble).toMatch(/^the server cannot be reached/);
});
