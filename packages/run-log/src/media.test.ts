import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import type { Media } from "./media.ts";
import { openRun } from "./open-run.ts";
import { readRun } from "./read-run.ts";
import { mediaValue } from "./wandb/media-value.ts";

const table: Media = { kind: "table", columns: ["name", "share"], rows: [["cat", 0.25], ["dog", Number.NaN]] };
const histogram: Media = { kind: "histogram", edges: [0, 1, 2.5], counts: [3, 5] };
const newFolder = (): string => join(mkdtempSync(join(tmpdir(), "media-")), "run");

it("a histogram, a table and a plot come back as they were logged, and the last of each name stands in the report", async () => {
  const run = await openRun({ folder: newFolder(), name: "n", config: {} });
  const plot: Media = { kind: "plot", spec: { data: { values: [{ x: 2 }] }, mark: "point", encoding: { x: { field: "x", type: "quantitative" } } } };
  run.media("classes", { ...table, rows: [["early", 7]] }, 1);
  run.media("classes", table, 2);
  run.media("weights", histogram, 2);
  run.media("curve", plot, 3);
  await run.finish("finished");
  const { media, rows } = await readRun(run.folder);
  expect(rows).toEqual([]);
  expect(media.slice(1)).toEqual([
    { name: "classes", step: 2, media: table },
    { name: "weights", step: 2, media: histogram },
    { name: "curve", step: 3, media: plot },
  ]);
  const report = readFileSync(join(run.folder, "report.html"), "utf8");
  for (const title of ["classes, step 2", "weights, step 2", "curve, step 3"]) expect(report).toContain(`<h2>${title}</h2>`);
  expect(report).not.toContain("early");
});

it("media of steps that a resume made void do not count", async () => {
  const folder = newFolder();
  const first = await openRun({ folder, name: "n", config: {}, report: false });
  for (const step of [1, 2, 3]) first.media("weights", histogram, step);
  await first.finish("stopped");
  const second = await openRun({ folder, name: "n", config: {}, report: false, resume: true });
  second.resumeFrom(1);
  second.media("weights", histogram, 2);
  await second.finish("finished");
  expect((await readRun(folder)).media.map(({ step }) => step)).toEqual([1, 2]);
});

it("W&B gets a histogram as a value, a table and a plot as files with their hash and size", async () => {
  expect(await mediaValue({ name: "w", step: 4, media: histogram })).toEqual({ value: { _type: "histogram", values: [3, 5], bins: [0, 1, 2.5] } });
  const { value, file } = await mediaValue({ name: "a/b", step: 4, media: table });
  expect(file!.text).toBe('{"columns":["name","share"],"data":[["cat",0.25],["dog",NaN]]}');
  const sha256 = createHash("sha256").update(file!.text).digest("hex");
  expect(file!.path).toBe(`media/table/a_b_4_${sha256.slice(0, 20)}.table.json`);
  expect(value).toEqual({ _type: "table-file", path: file!.path, sha256, size: file!.text.length, ncols: 2, nrows: 2 });
});

it("edges and rows that do not fit are refused", async () => {
  const run = await openRun({ folder: newFolder(), name: "n", config: {}, report: false });
  expect(() => run.media("w", { kind: "histogram", edges: [0, 1], counts: [3, 5] }, 1)).toThrow(
    new Error("media(histogram): expected 3 edges for 2 counts, got 2. Give the edges on both sides of every count."),
  );
  expect(() => run.media("t", { kind: "table", columns: ["a", "b"], rows: [[1]] }, 1)).toThrow(
    new Error("media(table): expected rows of 2 cells, got 1. Give every row a cell per column."),
  );
  await run.finish("finished");
});
