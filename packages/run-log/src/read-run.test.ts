import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readRun } from "./read-run.ts";

function runFolder(log: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "read-run-"));
  writeFileSync(join(folder, "config.json"), '{"format":1,"id":"a","name":"n","tags":[],"createdAt":"2025-01-01T00:00:00Z","config":{"clip":"Infinity"}}');
  writeFileSync(join(folder, "log.jsonl"), log.join("\n"));
  return folder;
}

it("a run that was killed before its first row is read as empty and running", async () => {
  const run = await readRun(runFolder([]));
  expect(run).toMatchObject({ rows: [], environments: [], environment: undefined, config: { clip: Number.POSITIVE_INFINITY } });
  expect(run.summary).toEqual({ status: "running", time: 0, values: {} });
});

it("series gives the numbers of a name by step, and the last one where a step has several", async () => {
  const run = await readRun(
    runFolder(['{"step":2,"time":1,"a":20}', '{"step":1,"time":2,"a":10,"b":"text"}', '{"step":2,"time":3,"a":21}', '{"step":3,"time":4,"a":"NaN"}', ""]),
  );
  expect(run.series("a")).toEqual([
    { step: 1, time: 2, value: 10 },
    { step: 2, time: 3, value: 21 },
    { step: 3, time: 4, value: Number.NaN },
  ]);
  expect(run.series("b")).toEqual([]);
});

it("a run that was resumed twice counts every step once", async () => {
  const row = (step: number, a: number) => `{"step":${step},"time":1,"a":${a}}`;
  const resume = (step: number) => `{"event":"resume","time":1,"step":${step}}`;
  const run = await readRun(runFolder([row(1, 1), row(2, 2), row(3, 3), resume(2), row(3, 30), row(4, 40), resume(1), row(2, 200), ""]));
  expect(run.rows.map(({ a }) => a)).toEqual([1, 200]);
});

it("unreadable lines are left out and counted; a last line without its end is still being written and is not", async () => {
  const run = await readRun(runFolder(['{"step":1,"time":1,"a":1}', "garbage", '{"step":2,"time":1,"a":2}', '{"step":3,"ti']));
  expect(run.series("a").map(({ value }) => value)).toEqual([1, 2]);
  expect(run.damagedLines).toBe(1);
});

it("refuses a folder without a run", async () => {
  await expect(readRun("/nowhere")).rejects.toThrow(
    new Error("readRun(folder): expected a folder with config.json, got /nowhere. Pass the folder of a run."),
  );
});
