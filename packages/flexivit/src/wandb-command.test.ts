/** `flexivit train --wandb` and `flexivit sync` with a server on 127.0.0.1. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "@flexivit/run-log";
import { startWandbServer, wandbLine, type WandbServer } from "@flexivit/testing/wandb";
import { afterAll, beforeAll, beforeEach, afterEach, expect, it, vi } from "vitest";
import { pictureFolder } from "../test-support/pictures.ts";
import { flexivit, startFlexivit, untilSteps } from "../test-support/program.ts";

let pictures: string;
let server: WandbServer;
beforeAll(async () => {
  pictures = await pictureFolder(4);
  vi.stubEnv("WANDB_API_KEY", "0123456789".repeat(4));
  for (const name of ["WANDB_MODE", "WANDB_PROJECT", "WANDB_ENTITY"]) vi.stubEnv(name, undefined);
});
beforeEach(async () => {
  server = await startWandbServer();
  vi.stubEnv("WANDB_BASE_URL", server.url);
});
afterEach(() => server.close());
afterAll(() => vi.unstubAllEnvs());

const newOut = (): Promise<string> => mkdtemp(join(tmpdir(), "flexivit-wandb-"));
const flags = (out: string, steps: number): string[] =>
  `train --data ${pictures} --out ${out} --variant mu --image-size 24 --patch-sizes 12,8,6 --steps ${steps} --batch-size 4 --evaluate-every ${steps}`.split(" ");
const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1)!;

/** Compares the server's lines with the run on disk: rows by value, files by path and hash; those that are still there have it. */
async function expectAllRows(folder: string): Promise<void> {
  const { id, rows, artifacts } = await readRun(folder);
  const lines = server.runs.get(id)!.history.map(wandbLine).map(({ _timestamp, ...values }) => values);
  const isFile = (line: object): boolean => Object.keys(line).some((name) => name.endsWith("/path"));
  expect(lines.filter((line) => !isFile(line))).toEqual(rows.map(({ step, time, ...values }) => ({ ...values, _step: step, _runtime: time })));
  expect(lines.filter(isFile).map(({ _runtime, ...values }) => values)).toEqual(artifacts.map(({ kind, path, sha256, step }) => ({ [`${kind}/path`]: path, [`${kind}/sha256`]: sha256, _step: step })));
  const present = artifacts.filter(({ path }) => existsSync(path));
  expect(present.length).toBeGreaterThan(0);
  for (const { path, sha256 } of present) expect(createHash("sha256").update(readFileSync(path)).digest("hex")).toBe(sha256);
}

/** How many lines a run has at Weights & Biases: its rows and its files. */
async function linesOf(folder: string): Promise<number> {
  const { rows, artifacts } = await readRun(folder);
  return rows.length + artifacts.length;
}

it("train --wandb brings all rows, the hashes of checkpoints and model, the accuracies and the description of the run", async () => {
  const out = await newOut();
  const { code, err } = await flexivit(...flags(out, 5), "--wandb", "vision", "--wandb-group", "g", "--wandb-tags", "a,b", "--wandb-notes", "n");
  const { id } = await readRun(join(out, "flexible"));
  expect([code, lastLine(err)]).toEqual([0, `W&B: all ${await linesOf(join(out, "flexible"))} rows sent: ${server.url}/someone/vision/runs/${id}`]);
  await expectAllRows(join(out, "flexible"));
  const { fields, summary, exitCode } = server.runs.get(id)!;
  expect(fields).toMatchObject({ project: "vision", displayName: "flexible", groupName: "g", tags: ["a", "b"], notes: "n", jobType: "train" });
  expect(JSON.parse(fields["config"] as string)).toMatchObject({ steps: { value: 5 }, patchSizes: { value: ["12", "8", "6"] } });
  expect(Object.keys(summary)).toEqual(expect.arrayContaining(["loss", "accuracy/12", "accuracy/8", "accuracy/6", "checkpoint/sha256", "model/sha256"]));
  expect(exitCode).toBe(0);
});

it("train --wandb auto without a key, and train --wandb-offline, send nothing; sync brings the run, once", async () => {
  for (const [flag, key] of [[["--wandb", "auto"], undefined], [["--wandb-offline"], "k"]] as const) {
    const out = await newOut();
    vi.stubEnv("WANDB_API_KEY", key);
    vi.stubEnv("NETRC", "/nowhere");
    const { code, err } = await flexivit(...flags(out, 3), ...flag);
    vi.stubEnv("WANDB_API_KEY", "0123456789".repeat(4));
    const folder = join(out, "flexible");
    const { id } = await readRun(folder);
    const lines = await linesOf(folder);
    expect([code, server.runs.has(id)]).toEqual([0, false]);
    expect(lastLine(err)).toMatch(new RegExp(`^W&B: 0 of ${lines} rows sent; send the rest with: flexivit sync `));
    const url = `${server.url}/someone/flexivit/runs/${id}`;
    const synced = { code: 0, out: `W&B: all ${lines} rows sent: ${url}\n`, err: "" };
    expect(await flexivit("sync", folder)).toEqual(synced);
    const received = server.linesReceived();
    expect(await flexivit("sync", folder)).toEqual(synced);
    expect(server.linesReceived()).toBe(received);
    await expectAllRows(folder);
  }
});

it.each(["SIGINT", "SIGTERM"] as const)("%s while the server is silent ends the training with 130 and says how to send the rest; resumed, it is the same run", async (signal) => {
  const out = await newOut();
  const folder = join(out, "flexible");
  await server.behave("black hole");
  const { send, end } = startFlexivit([...flags(out, 400), "--wandb", "vision"]);
  await untilSteps(folder, 3);
  send(signal);
  const { code, err } = await end;
  expect(code).toBe(130);
  expect(err).toMatch(/\nW&B: 0 of \d+ rows sent \(.+\); send the rest with: flexivit sync .+\nStopped after step \d+ of 400\./);
  const { id, summary } = await readRun(folder);
  await server.behave("well");
  // The sending process may still be about to leave; until then sync says that it must wait.
  await vi.waitFor(async () => expect((await flexivit("sync", folder, "--json")).code).toBe(0), { timeout: 40_000, interval: 500 });
  await expectAllRows(folder);
  expect(server.runs.get(id)).toMatchObject({ complete: true, exitCode: 130 });
  const steps = summary.step! + 2;
  const changes = ["--allow-changes", "steps,schedule.warmupSteps,evaluateEvery", "--steps", String(steps)];
  expect((await flexivit(...flags(out, 400), "--resume", ...changes, "--wandb", "vision")).code).toBe(0);
  expect([...server.runs.keys()]).toEqual([id]);
  await expectAllRows(folder);
  expect(server.runs.get(id)).toMatchObject({ exitCode: 0 });
});

it("sync that cannot send exits with 1 and says why; wrong usage exits with 2", async () => {
  const out = await newOut();
  const folder = join(out, "flexible");
  await flexivit(...flags(out, 2));
  const lines = await linesOf(folder);
  await server.behave(403);
  const failed = await flexivit("sync", folder);
  expect(failed.code).toBe(1);
  expect(failed.err).toBe(`sync(run folder): expected the server to take ${lines} rows, got 0 taken: the server refuses the API key (status 403). Run the same command again.\n`);
  await rm(folder, { recursive: true });
  expect((await flexivit("sync", folder)).code).toBe(1);
  expect((await flexivit("sync")).code).toBe(2);
});
