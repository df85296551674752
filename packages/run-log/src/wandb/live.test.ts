/** Runs with a server on 127.0.0.1 that behaves well, and badly in every way. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readWandbFile, startWandbServer, wandbLine, type WandbServer } from "@flexivit/testing/wandb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sha256Of } from "../file-hash.ts";
import type { Row } from "../logger.ts";
import { openRun, type RunOptions } from "../open-run.ts";
import { readRun } from "../read-run.ts";
import { startShippingProcess } from "./shipping-process.ts";
import type { WandbOptions } from "./wandb-settings.ts";

beforeAll(() => {
  vi.stubEnv("WANDB_API_KEY", "0123456789".repeat(4));
  for (const name of ["WANDB_MODE", "WANDB_PROJECT", "WANDB_ENTITY", "WANDB_BASE_URL"]) vi.stubEnv(name, undefined);
});
afterAll(() => vi.unstubAllEnvs());

const newFolder = (): string => join(mkdtempSync(join(tmpdir(), "wandb-live-")), "run");

/** A run's options and the lines that it says. */
function optionsFor({ url }: Pick<WandbServer, "url">, wandb: Partial<WandbOptions> = {}, more: Partial<RunOptions> = {}): RunOptions & { said: string[] } {
  const said: string[] = [];
  return { folder: newFolder(), name: "flexible", config: { rate: 0.5 }, report: false, said, wandb: { baseUrl: url, project: "p", finishTimeoutMs: 30_000, say: (line) => said.push(line), ...wandb }, ...more };
}

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-300, 2 ** 53];
const rowAt = (step: number): Row => ({ loss: 1 / (step + 1), odd: odd[step % odd.length]!, patchSize: step % 5 ? "12x10" : "NaN" });

async function until(isSo: () => boolean): Promise<void> {
  for (const begun = performance.now(); !isSo(); await setTimeout(20)) {
    if (performance.now() - begun > 40_000) throw new Error(`not within 40 s: ${String(isSo)}`);
  }
}

/** Compares the server's lines with the rows on disk, in order and by value. */
async function expectAllRows(server: WandbServer, folder: string): Promise<void> {
  const { id, rows } = await readRun(folder);
  const lines = server.runs.get(id)!.history.map(wandbLine);
  const logged = rows.map(({ step, time, ...values }) => ({ ...values, _step: step, _runtime: time }));
  expect(lines.map(({ _timestamp, ...values }) => values)).toEqual(logged);
  expect(lines.every(({ _timestamp }) => Math.abs(Number(_timestamp) - Date.now() / 1000) < 100)).toBe(true);
}

const fileIn = (folder: string) => readWandbFile(readFileSync(globSync(join(folder, "wandb", "*", "*.wandb"))[0]!));

describe("a live run", () => {
  it("brings 25,000 rows of a burst in order and by value; log() takes under 5 ms at the 99th percentile", async () => {
    const server = await startWandbServer();
    const options = optionsFor(server, { name: "flexible, seed 3", entity: "team" }, { group: "g", tags: ["a", "b"], notes: "n", jobType: "train", config: { rate: Number.NaN, sizes: [8, 12] } });
    const run = await openRun(options);
    const timesMs = new Float64Array(25_000);
    for (let step = 0; step < timesMs.length; step++) {
      const row = rowAt(step);
      const startMs = performance.now();
      run.log(row, step);
      timesMs[step] = performance.now() - startMs;
    }
    run.summary({ best: 0.25 });
    await run.finish("finished");
    expect(timesMs.sort()[Math.floor(0.99 * timesMs.length)]).toBeLessThan(5);
    await expectAllRows(server, run.folder);
    const there = server.runs.get(run.id)!;
    expect(there).toMatchObject({ complete: true, exitCode: 0, summary: { best: 0.25, loss: 1 / 25_000, _step: 24_999 } });
    const { config, ...fields } = there.fields;
    expect(fields).toMatchObject({ name: run.id, displayName: "flexible, seed 3", project: "p", entity: "team", groupName: "g", tags: ["a", "b"], notes: "n", jobType: "train" });
    expect(JSON.parse(config as string)).toEqual({ rate: { value: "NaN" }, sizes: { value: [8, 12] } });
    expect(options.said).toEqual([`W&B: all 25,000 rows sent: ${server.url}/team/p/runs/${run.id}`]);
    // Nothing is left for `wandb sync`, which would add it a second time.
    expect(fileIn(run.folder).records.map(({ kind }) => kind)).toEqual([21, 17, 3, 3, 6, 18]);
    await server.close();
  });

  it("brings rows while it goes on: several of one step, a value called _step, and a histogram at its place", async () => {
    const server = await startWandbServer();
    const options = optionsFor(server);
    const run = await openRun(options);
    run.log({ loss: 1 }, 5);
    run.log({ accuracy: 0.5, _runtime: -1 }, 5);
    run.media("weights", { kind: "histogram", edges: [0, 1, 2], counts: [3, 5] }, 5);
    run.media("table", { kind: "table", columns: ["a"], rows: [[7]] }, 5);
    await until(() => server.runs.get(run.id)?.history.length === 4);
    run.log({ loss: 2 }, 6);
    await until(() => server.runs.get(run.id)?.history.length === 5);
    run.summary({ best: 0.75, loss: 1 });
    await run.finish("failed");
    expect(server.runs.get(run.id)!.summary).toMatchObject({ best: 0.75, loss: 1, accuracy: 0.5, _step: 6 });
    const { history, exitCode } = server.runs.get(run.id)!;
    const lines = history.map(wandbLine);
    expect(lines.map(({ _step }) => _step)).toEqual([5, 5, 5, 5, 6]);
    expect(lines[1]!["_runtime"]).toBeGreaterThanOrEqual(0);
    expect(lines[2]).toMatchObject({ weights: { _type: "histogram", values: [3, 5], bins: [0, 1, 2] } });
    expect(lines[3]).toMatchObject({ table: { _type: "table-file", nrows: 1 } });
    expect(exitCode).toBe(1);
    // The file of the table is what is left for `wandb sync`, and the line at the end says so.
    const [said] = options.said;
    expect(said).toMatch(/^W&B: all 5 rows sent: \S+; figures and tables are files, which only this sends: wandb sync \S+\/wandb\/offline-run-\S+$/);
    expect(fileIn(run.folder).records.map(({ kind }) => kind)).toEqual([21, 17, 6, 3, 3, 6, 18]);
    await server.close();
  });

  it("brings the path and the SHA-256 of each checkpoint between the rows, and the newest into the summary", async () => {
    const server = await startWandbServer();
    const run = await openRun(optionsFor(server));
    const hashes: string[] = [];
    for (const step of [2, 4]) {
      run.log({ loss: 1 / step }, step);
      const path = join(run.checkpoints, `step-${step}`);
      writeFileSync(path, `weights of step ${step}`);
      hashes.push(createHash("sha256").update(readFileSync(path)).digest("hex"));
      run.artifact({ kind: "checkpoint", path, step, sha256: await sha256Of(path) });
    }
    await run.finish("finished");
    const { history, summary } = server.runs.get(run.id)!;
    const rows = history.map(wandbLine).map(({ _step, loss, ...values }) => [_step, loss, values["checkpoint/path"], values["checkpoint/sha256"]]);
    expect(rows).toEqual([
      [2, 0.5, undefined, undefined],
      [2, undefined, join(run.checkpoints, "step-2"), hashes[0]],
      [4, 0.25, undefined, undefined],
      [4, undefined, join(run.checkpoints, "step-4"), hashes[1]],
    ]);
    expect(summary).toMatchObject({ "checkpoint/sha256": hashes[1], loss: 0.25 });
    expect((await readRun(run.folder)).artifacts.map(({ sha256 }) => sha256)).toEqual(hashes);
    await server.close();
  });

  it("that logs nothing for long is told to go on, so that it does not count as crashed", async () => {
    const server = await startWandbServer();
    const { folder, id } = await openRun({ folder: newFolder(), name: "n", config: {}, report: false });
    const target = { baseUrl: server.url, project: "p" };
    const shipping = startShippingProcess({ folder, target, apiKey: "key", requestTimeoutMs: 5000, heartbeatMs: 100 });
    await until(() => server.runs.has(id));
    const before = server.requests();
    await until(() => server.requests() >= before + 3);
    expect(await shipping.finish(5000)).toMatchObject({ lines: 0, confirmed: 0, complete: false });
    await server.close();
  });

  it("that is resumed goes on as the same run; rows that the resume made void are replaced", async () => {
    const server = await startWandbServer();
    const options = optionsFor(server);
    const first = await openRun(options);
    for (let step = 1; step <= 7; step++) first.log({ loss: step }, step);
    await first.finish("stopped");
    expect(server.runs.get(first.id)).toMatchObject({ complete: true, exitCode: 130 });
    const second = await openRun({ ...options, resume: true });
    second.resumeFrom(4);
    for (let step = 5; step <= 9; step++) second.log({ loss: 10 * step }, step);
    await second.finish("finished");
    expect([...server.runs.keys()]).toEqual([first.id]);
    await expectAllRows(server, first.folder);
    expect(server.runs.get(first.id)!.history).toHaveLength(9);
    expect(server.runs.get(first.id)).toMatchObject({ exitCode: 0 });
    expect(server.linesReceived()).toBe(7 + 5);
    await server.close();
  });
});

describe.concurrent("a run goes on and loses nothing where the server", () => {
  const away = "the server cannot be reached (ECONNREFUSED)";

  it("is away at the start and comes later", async () => {
    const server = await startWandbServer("away");
    const options = optionsFor(server);
    const run = await openRun(options);
    for (let step = 0; step < 300; step++) run.log(rowAt(step), step);
    await setTimeout(1500);
    await server.behave("well");
    await until(() => server.runs.get(run.id)?.history.length === 300);
    await run.finish("finished");
    await expectAllRows(server, run.folder);
    await server.close();
  });

  it.each([["goes away", "away"], ["answers 500 for a while", 500], ["is too busy for a while", 429], ["falls silent for a while", "black hole"]] as const)(
    "%s in the middle and comes back: every row is there once",
    async (_, behaviour) => {
      const server = await startWandbServer();
      const run = await openRun(optionsFor(server, { requestTimeoutMs: 500 }));
      for (let step = 0; step < 200; step++) run.log(rowAt(step), step);
      await until(() => server.runs.get(run.id)?.history.length === 200);
      await server.behave(behaviour);
      for (let step = 200; step < 500; step++) run.log(rowAt(step), step);
      await setTimeout(3000);
      expect(server.runs.get(run.id)!.history).toHaveLength(200);
      await server.behave("well");
      await run.finish("finished");
      await expectAllRows(server, run.folder);
      expect(server.runs.get(run.id)).toMatchObject({ complete: true, exitCode: 0 });
      await server.close();
    },
  );

  it("is silent while rows on their way become void: what replaces them is there", async () => {
    const server = await startWandbServer();
    const run = await openRun(optionsFor(server, { requestTimeoutMs: 1000 }));
    run.log(rowAt(0), 0);
    await until(() => server.runs.get(run.id)?.history.length === 1);
    await server.behave("black hole");
    const before = server.requests();
    for (let step = 1; step < 100; step++) run.log(rowAt(step), step);
    await until(() => server.requests() > before); // the lines are on their way now
    run.resumeFrom(49);
    for (let step = 50; step < 80; step++) run.log({ loss: -step }, step);
    await setTimeout(1000);
    await server.behave("well");
    await run.finish("finished");
    // The server keeps what it was sent of lines 80 to 99: it has no request that takes lines back.
    const { history } = server.runs.get(run.id)!;
    expect(history).toHaveLength(100);
    history.length = 80;
    await expectAllRows(server, run.folder);
    await server.close();
  });

  it.each([401, 403])("refuses the key with %i: the run ends with all rows in the .wandb file, and says so", async (status) => {
    const server = await startWandbServer(status);
    const options = optionsFor(server);
    const run = await openRun(options);
    for (let step = 0; step < 50; step++) run.log(rowAt(step), step);
    await run.finish("finished");
    expect(server.requests()).toBe(1);
    expect(options.said).toEqual([expect.stringMatching(new RegExp(`^W&B: 0 of 50 rows sent \\(the server refuses the API key \\(status ${status}\\)\\); send the rest with: flexivit sync .+/run {2}or: wandb sync .+/run/wandb/offline-run-\\d{8}_\\d{6}-${run.id}$`))]);
    await expectWholeFile(run.folder, 0);
    await server.close();
  });

  it.each([["is away", "away", away], ["never answers", "black hole", "the server does not answer within 0.5 s"], ["answers 500", 500, "the server answers with status 500"]] as const)(
    "%s all the time: finish() waits as long as it was told, and says why nothing was sent",
    async (_, behaviour, why) => {
      const server = await startWandbServer(behaviour);
      const options = optionsFor(server, { finishTimeoutMs: 4000, requestTimeoutMs: 500 });
      const run = await openRun(options);
      for (let step = 0; step < 50; step++) run.log(rowAt(step), step);
      const begun = performance.now();
      await run.finish("stopped");
      expect(performance.now() - begun).toBeLessThan(4000 + 3000 + 500);
      expect(options.said).toEqual([expect.stringContaining(`W&B: 0 of 50 rows sent (${why}); send the rest with: flexivit sync `)]);
      await expectWholeFile(run.folder, 130);
      await server.close();
    },
  );

  async function expectWholeFile(folder: string, exitCode: number): Promise<void> {
    const { rows } = await readRun(folder);
    const { history, records } = fileIn(folder);
    const texts = history.map((line) => wandbLine(`{${Object.entries(line).map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`));
    expect(texts.map(({ _timestamp, ...values }) => values)).toEqual(rows.map(({ step, time, ...values }) => ({ ...values, _step: step, _runtime: time })));
    expect(records.at(-1)).toMatchObject({ kind: 18, content: { 1: [BigInt(exitCode)] } });
  }
});

describe("nothing is sent", () => {
  it.each([["offline", undefined, "key"], ["live", "offline", "key"], ["auto", undefined, undefined], ["live", undefined, undefined]] as const)(
    "with mode %s, WANDB_MODE %s and API key %s: the .wandb file has all rows",
    async (mode, wandbMode, key) => {
      vi.stubEnv("WANDB_MODE", wandbMode);
      vi.stubEnv("WANDB_API_KEY", key);
      vi.stubEnv("NETRC", "/nowhere");
      const server = await startWandbServer();
      const options = optionsFor(server, { mode });
      const run = await openRun(options);
      for (let step = 0; step < 7; step++) run.log(rowAt(step), step);
      await run.finish("finished");
      expect(server.requests()).toBe(0);
      expect(fileIn(run.folder).history).toHaveLength(7);
      const hint = `W&B: no API key for ${server.url} in WANDB_API_KEY or ~/.netrc, so nothing is sent now; the rows are kept.`;
      expect(options.said.slice(0, -1)).toEqual(mode === "live" && key === undefined ? [hint] : []);
      expect(options.said.at(-1)).toMatch(/^W&B: 0 of 7 rows sent; send the rest with: flexivit sync /);
      vi.stubEnv("WANDB_MODE", undefined);
      vi.stubEnv("WANDB_API_KEY", "0123456789".repeat(4));
      await server.close();
    },
  );

  it("with WANDB_MODE=disabled, and no folder is made", async () => {
    vi.stubEnv("WANDB_MODE", "disabled");
    const run = await openRun(optionsFor({ url: "http://127.0.0.1:9" }));
    await run.finish("finished");
    vi.stubEnv("WANDB_MODE", undefined);
    expect(globSync(join(run.folder, "wandb"))).toEqual([]);
  });
});

describe.concurrent("a program", () => {
  const programFor = (server: WandbServer, folder: string, ending: string): string => `
    import { openRun } from ${JSON.stringify(new URL("../open-run.ts", import.meta.url).href)};
    const wandb = { baseUrl: ${JSON.stringify(server.url)}, project: "p", finishTimeoutMs: 30000 };
    const run = await openRun({ folder: ${JSON.stringify(folder)}, name: "program", config: {}, report: false, wandb });
    for (let step = 0; step < 400; step++) run.log({ loss: 1 / (step + 1) }, step);
    ${ending}`;
  const start = (program: string) => spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });

  it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("ended by %s as soon as it has logged: its rows arrive all the same, and the run counts as not ended", async (signal) => {
    const server = await startWandbServer();
    const folder = newFolder();
    const child = start(programFor(server, folder, 'process.stdout.write("logged"); setInterval(() => {}, 1000);'));
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([null, signal]);
    const { id } = await readRun(folder);
    await until(() => server.runs.get(id)?.history.length === 400);
    await expectAllRows(server, folder);
    await until(() => !existsSync(join(folder, "wandb", "owner")));
    expect(server.runs.get(id)!.complete).toBe(false);
    await server.close();
  });

  it("killed while the server is silent, and resumed at once: the process that still sends leaves, and every row is there once", async () => {
    const server = await startWandbServer("black hole");
    const folder = newFolder();
    const child = start(programFor(server, folder, 'process.stdout.write("logged"); setInterval(() => {}, 1000);'));
    await once(child.stdout, "data");
    const owner = (): string => readFileSync(join(folder, "wandb", "owner"), "utf8");
    await until(() => existsSync(join(folder, "wandb", "owner")) && server.requests() > 0);
    const first = owner();
    child.kill("SIGKILL");
    await once(child, "exit");
    await server.behave("well");
    const run = await openRun({ ...optionsFor(server), folder, name: "program", config: {}, resume: true });
    run.resumeFrom(299);
    for (let step = 300; step < 320; step++) run.log(rowAt(step), step);
    await until(() => owner() !== first);
    await run.finish("finished");
    expect(() => process.kill(Number(first), 0)).toThrow("ESRCH");
    await expectAllRows(server, folder);
    expect(server.runs.get(run.id)).toMatchObject({ complete: true, exitCode: 0 });
    await server.close();
  });

  it("that catches Ctrl-C and finishes ends with its own exit code, and the run with 130", async () => {
    const server = await startWandbServer();
    const folder = newFolder();
    const child = start(programFor(server, folder, 'process.once("SIGINT", async () => { await run.finish("stopped"); process.exit(130); }); process.stdout.write("logged"); setInterval(() => {}, 1000);'));
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    await expectAllRows(server, folder);
    expect(server.runs.get((await readRun(folder)).id)).toMatchObject({ complete: true, exitCode: 130 });
    await server.close();
  });

  it("that forgets finish() ends by itself, and the rows arrive", async () => {
    const server = await startWandbServer();
    const folder = newFolder();
    const child = start(programFor(server, folder, ""));
    expect(await once(child, "exit")).toEqual([0, null]);
    const { id } = await readRun(folder);
    await until(() => server.runs.get(id)?.history.length === 400);
    await server.close();
  });

  it("whose sending process is killed finishes, and says how to send the rest", async () => {
    const server = await startWandbServer();
    const folder = newFolder();
    const kill = 'const { readFileSync } = await import("node:fs"); await new Promise((done) => setTimeout(done, 1500)); process.kill(Number(readFileSync(run.folder + "/wandb/owner", "utf8")), "SIGKILL"); run.log({ loss: 7 }, 400); await run.finish("finished");';
    const child = start(programFor(server, folder, kill));
    let err = "";
    child.stderr.on("data", (text) => (err += String(text)));
    expect(await once(child, "close")).toEqual([0, null]);
    expect(err).toMatch(/^W&B: \d+ of 401 rows sent.*\(the sending process ended early; see .+messages\.log\); send the rest with: flexivit sync /);
    await server.close();
  });
});
