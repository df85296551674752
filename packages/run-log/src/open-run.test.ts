import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRun, type RunOptions } from "./open-run.ts";
import { readRun } from "./read-run.ts";

const newFolder = () => join(mkdtempSync(join(tmpdir(), "open-run-")), "run");

/** Options without the report, which takes Vega's loading time. */
const options = (folder: string, more: Partial<RunOptions> = {}): RunOptions => ({
  folder,
  name: "flexible",
  config: { steps: 100, model: { depth: 3 } },
  report: false,
  ...more,
});

const childImport = JSON.stringify(new URL("./open-run.ts", import.meta.url).href);
const childProgram = (body: string) => `
  import { openRun } from ${childImport};
  const run = await openRun({ folder: process.argv[1], name: "child", config: {}, report: false });
  ${body}`;

describe("a new run", () => {
  it("leaves config, environment, log, summary, checkpoints and report in its folder", async () => {
    const folder = newFolder();
    const run = await openRun(options(folder, { report: true, tags: ["small"], group: "g", environment: { engine: "wasm" } }));
    run.log({ loss: 0.5 }, 1);
    run.summary({ accuracy: 0.75 });
    run.artifact({ kind: "checkpoint", path: "checkpoints/1", step: 1, sha256: "ab" });
    await run.finish("finished");
    const files = ["checkpoints", "config.json", "environment.json", "log.jsonl", "report.html", "summary.json"];
    expect(readdirSync(folder).sort()).toEqual(files);
    const read = await readRun(folder);
    expect(read).toMatchObject({
      id: run.id,
      name: "flexible",
      group: "g",
      tags: ["small"],
      config: { steps: 100, model: { depth: 3 } },
      environment: { engine: "wasm", node: process.version, command: process.argv },
      summary: { status: "finished", step: 1, values: { accuracy: 0.75 } },
      artifacts: [{ kind: "checkpoint", path: "checkpoints/1", step: 1, sha256: "ab" }],
      damagedLines: 0,
    });
    expect(read.rows).toEqual([{ step: 1, time: expect.any(Number), loss: 0.5 }]);
    expect(read.environment?.cores).toBeGreaterThan(0);
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("<h1>flexible</h1>");
  });

  it("neither keeps nor changes the row it is given", async () => {
    const folder = newFolder();
    const run = await openRun(options(folder));
    const row = { loss: 1 };
    run.log(Object.freeze({ ...row }), 1);
    run.log(row, 2);
    row.loss = 5;
    run.log(row, 3);
    await run.finish("stopped");
    expect((await readRun(folder)).series("loss").map(({ value }) => value)).toEqual([1, 1, 5]);
  });

  it("begins in a folder that a killed beginning left behind", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "checkpoints"), { recursive: true });
    writeFileSync(join(folder, "config.json.tmp"), "{");
    const run = await openRun(options(folder));
    expect(run.resumed).toBe(false);
    await run.finish("finished");
  });
});

describe("rows that log() took", () => {
  it("are on disk after SIGKILL right behind log(): 1,000 of 1,000", async () => {
    const folder = newFolder();
    const body = `
      for (let step = 0; step < 1000; step++) run.log({ loss: 1 / (step + 1), odd: step % 2 ? NaN : Infinity }, step);
      process.kill(process.pid, "SIGKILL");`;
    const args = ["--input-type=module", "-e", childProgram(body), folder];
    expect(spawnSync(process.execPath, args).signal).toBe("SIGKILL");
    const { rows, summary, damagedLines } = await readRun(folder);
    const expected = Array.from({ length: 1000 }, (_, step) => ({ step, loss: 1 / (step + 1), odd: step % 2 ? Number.NaN : Number.POSITIVE_INFINITY }));
    expect(rows.map(({ step, loss, odd }) => ({ step, loss, odd }))).toEqual(expected);
    expect(summary.status).toBe("running");
    expect(damagedLines).toBe(0);
  });

  it("are on disk, all that were reported, when another process kills at any moment", async () => {
    const folder = newFolder();
    const body = `
      import { writeSync } from "node:fs";
      for (let step = 0; ; step++) { run.log({ value: step }, step); writeSync(1, step + "\\n"); }`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", childProgram(body), folder], { stdio: ["ignore", "pipe", "ignore"] });
    let reported = "";
    child.stdout.on("data", (data: Buffer) => {
      reported += data.toString();
      if (reported.length > 2000) child.kill("SIGKILL");
    });
    await once(child, "close");
    const lastReported = Number(reported.slice(0, reported.lastIndexOf("\n")).split("\n").at(-1));
    expect(lastReported).toBeGreaterThan(100);
    const { rows } = await readRun(folder);
    expect(rows.length).toBeGreaterThan(lastReported);
    expect(rows.every((row, index) => row.step === index && row.value === index)).toBe(true);
  });

  it("take under 1 ms each at the 99th percentile in a burst of 25,000", async () => {
    const folder = newFolder();
    const run = await openRun(options(folder));
    const timesMs = new Float64Array(25_000);
    for (let step = 0; step < timesMs.length; step++) {
      const startMs = performance.now();
      run.log({ loss: Math.random(), learningRate: 1e-3, imagesPerSecond: 312.5, patchSize: "12x10" }, step);
      timesMs[step] = performance.now() - startMs;
    }
    await run.finish("finished");
    expect(timesMs.sort()[Math.floor(0.99 * timesMs.length)]).toBeLessThan(1);
    expect((await readRun(folder)).rows).toHaveLength(25_000);
  });
});

describe("a resumed run", () => {
  it("continues: same id, clock and summary go on, rows after the resumed step count once", async () => {
    const folder = newFolder();
    const first = await openRun(options(folder));
    for (let step = 1; step <= 5; step++) first.log({ loss: step }, step);
    first.summary({ best: 1 });
    await first.finish("stopped");
    const { time } = (await readRun(folder)).summary;
    const second = await openRun(options(folder, { resume: true }));
    expect(second).toMatchObject({ id: first.id, resumed: true });
    second.resumeFrom(3);
    second.log({ extra: 30 }, 3);
    second.log({ loss: 40 }, 4);
    await second.finish("finished");
    const run = await readRun(folder);
    expect(run.rows.map(({ step, loss, extra }) => [step, loss ?? extra])).toEqual([[1, 1], [2, 2], [3, 3], [3, 30], [4, 40]]);
    expect(run.rows.at(-1)!.time).toBeGreaterThanOrEqual(time);
    expect(run.summary).toMatchObject({ status: "finished", step: 4, values: { best: 1 } });
    expect(run.environments).toHaveLength(2);
  });

  it("takes the step before its first row where nobody said from where it resumes", async () => {
    const folder = newFolder();
    const first = await openRun(options(folder));
    for (const step of [10, 20, 30]) first.log({ loss: step }, step);
    await first.finish("stopped");
    const second = await openRun(options(folder, { resume: true }));
    second.log({ loss: 200 }, 20);
    await second.finish("finished");
    expect((await readRun(folder)).rows.map(({ loss }) => loss)).toEqual([10, 200]);
  });

  it("removes a half-written last line and goes on behind it", async () => {
    const folder = newFolder();
    const first = await openRun(options(folder));
    first.log({ loss: 1 }, 1);
    appendFileSync(join(folder, "log.jsonl"), '{"step":2,"time":0.1,"lo');
    expect((await readRun(folder)).rows).toHaveLength(1);
    const second = await openRun(options(folder, { resume: true }));
    second.log({ loss: 2 }, 2);
    await second.finish("finished");
    const run = await readRun(folder);
    expect(run.series("loss").map(({ value }) => value)).toEqual([1, 2]);
    expect(run.damagedLines).toBe(0);
  });

  it("starts anew where the folder holds no run", async () => {
    const run = await openRun(options(newFolder(), { resume: true }));
    expect(run.resumed).toBe(false);
    await run.finish("finished");
  });

  it("keeps the config with the changes that were allowed, and records them", async () => {
    const folder = newFolder();
    await (await openRun(options(folder))).finish("finished");
    const config = { steps: 200, model: { depth: 3 } };
    await (await openRun(options(folder, { resume: true, config, allowedChanges: ["steps"] }))).finish("finished");
    expect((await readRun(folder)).config).toEqual(config);
    expect(readFileSync(join(folder, "log.jsonl"), "utf8")).toContain('"changes":[{"key":"steps","before":100,"now":200}]');
  });

  it("with the same config passes, infinities and absent values included", async () => {
    const folder = newFolder();
    const config = { clip: Number.POSITIVE_INFINITY, ema: undefined };
    await (await openRun(options(folder, { config }))).finish("finished");
    await (await openRun(options(folder, { config: { clip: Number.POSITIVE_INFINITY }, resume: true }))).finish("finished");
    expect((await readRun(folder)).config).toEqual({ clip: Number.POSITIVE_INFINITY });
  });
});

describe("openRun refuses", () => {
  it("a folder that cannot be written to", async () => {
    const file = newFolder();
    writeFileSync(file, "");
    const folder = join(file, "run");
    await expect(openRun(options(folder))).rejects.toThrow(
      new Error(`openRun(folder): expected a writable folder, got ${folder} (ENOTDIR). Choose another folder, or change its permissions.`),
    );
  });

  it.runIf(process.platform === "linux")("a folder below /proc, where none can be made", async () => {
    await expect(openRun(options("/proc/runs/run"))).rejects.toThrow(
      new Error("openRun(folder): expected a writable folder, got /proc/runs/run (ENOENT). Choose another folder, or change its permissions."),
    );
  });

  it("a folder that holds a run, without resume", async () => {
    const folder = newFolder();
    await (await openRun(options(folder))).finish("finished");
    await expect(openRun(options(folder))).rejects.toThrow(
      new Error(`openRun(folder): expected an empty or new folder, got ${folder}, which holds a run. Set resume to continue it, or choose another folder.`),
    );
  });

  it("a folder that holds other files, and leaves it as it is", async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, "thesis.tex"), "");
    await expect(openRun(options(folder, { resume: true }))).rejects.toThrow(
      new Error(`openRun(folder): expected a run or an empty folder, got ${folder} with thesis.tex. Choose another folder.`),
    );
    expect(readdirSync(folder)).toEqual(["thesis.tex"]);
  });

  it("a resume with another config, naming the keys, and leaves the run as it is", async () => {
    const folder = newFolder();
    await (await openRun(options(folder))).finish("finished");
    const log = readFileSync(join(folder, "log.jsonl"), "utf8");
    await expect(openRun(options(folder, { resume: true, config: { steps: 100, model: { depth: 7 } } }))).rejects.toThrow(
      "model.depth: 3 in the run, 7 now",
    );
    expect(readFileSync(join(folder, "log.jsonl"), "utf8")).toBe(log);
  });

  it("steps that are not whole numbers from 0, and rows after the end", async () => {
    const run = await openRun(options(newFolder()));
    for (const step of [-1, 1.5, Number.NaN]) {
      expect(() => run.log({ loss: 1 }, step)).toThrow(
        new Error(`log(step): expected a whole number, 0 or above, got ${step}. Count steps from 0 or 1.`),
      );
    }
    await run.finish("failed");
    await run.finish("finished");
    expect((await readRun(run.folder)).summary.status).toBe("failed");
    expect(() => run.log({ loss: 1 }, 1)).toThrow(new Error("log(row): expected an open run, got a finished one. Call it before finish()."));
    expect(existsSync(join(run.folder, "report.html"))).toBe(false);
  });
});
