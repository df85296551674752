import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun } from "@flexivit/run-log";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runTypeScript } from "./run-program.ts";

const root = mkdtempSync(join(tmpdir(), "report-test-"));
const report = (...args: string[]) => runTypeScript(["tools/report.ts", ...args, "--out", join(root, "made", "r.html")]);

beforeAll(async () => {
  for (const [place, name] of [["seed-0/a", "flexible"], ["seed-1/a", "flexible"], ["seed-1/b", "fixed"]]) {
    const run = await openRun({ folder: join(root, "runs", place), name, config: { place }, report: false });
    for (const step of [1, 2, 3]) run.log({ loss: 1 / step }, step);
    await run.finish("finished");
  }
});
afterAll(() => rmSync(root, { recursive: true }));

it("three runs below a folder are laid over each other; two of one name are told apart by their folders", async () => {
  const { code, stdout } = await report(join(root, "runs"), join(root, "runs", "seed-0"), "--title", "All");
  expect([code, stdout]).toEqual([0, `3 runs: ${join(root, "made", "r.html")}\n`]);
  const html = readFileSync(join(root, "made", "r.html"), "utf8");
  expect(html).toContain("<h1>All</h1>");
  for (const name of ["seed-0/a", "seed-1/a", "fixed"]) expect(html).toContain(`>${name}<`);
  expect(html).not.toContain(">flexible<");
});

it("a folder without runs is refused", async () => {
  const { code, output } = await report(join(root, "made"));
  expect([code, output]).toEqual([1, `report(folders): expected a folder with runs, got ${join(root, "made")}. Pass what --out of a training named.\n`]);
});
