import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wandbLine } from "@flexivit/testing/wandb";
import { expect, it } from "vitest";
import { jsonObject, jsonText } from "./json-texts.ts";
import { openLogTail } from "./log-tail.ts";

const newPath = (): string => join(mkdtempSync(join(tmpdir(), "log-tail-")), "log.jsonl");
const open = '{"event":"open","time":2,"at":"2025-01-01T00:00:10.000Z"}\n';
const row = (step: number, time = 2): string => `{"step":${step},"time":${time},"a":${step * 10}}\n`;

it("a line counts when its end is there, and each counts once", async () => {
  const path = newPath();
  const tail = openLogTail(path);
  await tail.read();
  expect(tail.lines).toEqual([]);
  writeFileSync(path, open + row(1).slice(0, 9));
  await tail.read();
  expect(tail.lines).toEqual([]);
  appendFileSync(path, row(1).slice(9) + row(2));
  await tail.read();
  await tail.read();
  expect(tail.lines.map(({ step, values }) => [step, values["a"]])).toEqual([[1, "10"], [2, "20"]]);
});

it("a log of 3 MB, read in pieces, comes whole, letters of several bytes included", async () => {
  const path = newPath();
  const texts = Array.from({ length: 30_000 }, (_, step) => `größe ${step} ${"ü".repeat(40)}`);
  writeFileSync(path, open + texts.map((text, step) => `${JSON.stringify({ step, time: 2, text })}\n`).join(""));
  const tail = openLogTail(path);
  await tail.read();
  expect(tail.lines.map(({ values }) => JSON.parse(values["text"]!) as string)).toEqual(texts);
});

it("empty and damaged lines are passed over, and a figure that cannot be drawn is told in its place", async () => {
  const path = newPath();
  const media = '{"event":"media","time":2,"name":"curve","step":1,"media":{"kind":"plot","spec":{"mark":"none"}}}\n';
  writeFileSync(path, `${open}\n`);
  const tail = openLogTail(path);
  await tail.read();
  for (const text of ["\n", `garbage\n${media}${row(2)}`]) {
    appendFileSync(path, text);
    await tail.read();
  }
  expect(tail.lines.map(({ step }) => step)).toEqual([1, 2]);
  expect(tail.lines[0]!.values["curve"]).toMatch(/Error: /);
});

it("a resume takes back the lines of later steps, and the index of the first of them is told", async () => {
  const path = newPath();
  writeFileSync(path, open + row(1) + row(2) + row(3) + row(4));
  const tail = openLogTail(path);
  await tail.read();
  tail.forget(3);
  appendFileSync(path, `{"event":"resume","time":3,"step":2}\n${row(3, 4)}`);
  await tail.read();
  expect(tail.voids).toEqual([2]);
  expect(tail.lines.map(({ step, values }) => [step, values["a"]])).toEqual([[1, undefined], [2, undefined], [3, "30"]]);
  appendFileSync(path, `{"event":"resume","time":3,"step":9}\n`);
  await tail.read();
  expect(tail.voids).toEqual([2, Number.POSITIVE_INFINITY]);
});

it("a line has its step, the seconds of the run, and the time of day, which goes on over an interruption", async () => {
  const path = newPath();
  writeFileSync(path, open + row(7, 3.5) + '{"event":"open","time":4,"at":"2025-01-02T00:00:00.000Z"}\n' + row(8, 5.25));
  const tail = openLogTail(path);
  await tail.read();
  const [first, second] = tail.lines.map(({ values }) => JSON.parse(jsonObject(values)) as object);
  expect(first).toEqual({ a: 70, _step: 7, _runtime: 3.5, _timestamp: Date.parse("2025-01-01T00:00:11.500Z") / 1000 });
  expect(second).toEqual({ a: 80, _step: 8, _runtime: 5.25, _timestamp: Date.parse("2025-01-02T00:00:01.250Z") / 1000 });
});

it("numbers that JSON does not know are bare words, as W&B's own client sends them, and texts like them are texts", () => {
  const values = { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY, d: -0, e: 1e-300, f: "NaN", g: [1, { h: Number.NaN }] };
  expect(jsonText(values)).toBe('{"a":NaN,"b":Infinity,"c":-Infinity,"d":-0,"e":1e-300,"f":"NaN","g":[1,{"h":NaN}]}');
  expect(wandbLine(jsonText(values))).toEqual(values);
});

it("a file of the run is a line with its path and hash, at the step that it names or else at the one before; a resume takes it back", async () => {
  const path = newPath();
  const checkpoint = '{"event":"artifact","time":2,"kind":"checkpoint","path":"a/2","step":2,"sha256":"0b"}\n';
  const model = '{"event":"artifact","time":2,"kind":"model","path":"a/m"}\n';
  writeFileSync(path, open + row(1) + row(3) + checkpoint + row(4) + model);
  const tail = openLogTail(path);
  await tail.read();
  const lines = tail.lines.map(({ values }) => JSON.parse(jsonObject(values)) as Record<string, unknown>);
  expect(lines.map(({ _step, _runtime, _timestamp, ...values }) => [_step, values])).toEqual([
    [1, { a: 10 }],
    [3, { a: 30 }],
    [2, { "checkpoint/path": "a/2", "checkpoint/sha256": "0b" }],
    [4, { a: 40 }],
    [4, { "model/path": "a/m" }],
  ]);
  appendFileSync(path, '{"event":"resume","time":3,"step":2}\n');
  await tail.read();
  expect(tail.lines.map(({ step }) => step)).toEqual([1, 2]);
});
