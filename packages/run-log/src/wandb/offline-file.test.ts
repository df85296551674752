import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWandbFile } from "@flexivit/testing/wandb";
import { expect, it } from "vitest";
import type { HistoryLine } from "./log-tail.ts";
import { openOfflineFile } from "./offline-file.ts";
import type { RunHead } from "./wandb-records.ts";

const head: RunHead = { id: "a1", name: "n", project: "p", tags: [], createdAt: "2025-01-01T00:00:00Z", host: "h", config: {} };
const line = (step: number, text: string): HistoryLine => ({ step, values: { _step: String(step), text: JSON.stringify(text) } });
const newPath = (): string => join(mkdtempSync(join(tmpdir(), "offline-file-")), "offline-run-1", "run-a1.wandb");

it("records that end at, before and behind the end of a block of 32,768 bytes come back, those of several blocks too", () => {
  const path = newPath();
  const file = openOfflineFile(path, head);
  file.restart([], {}, []);
  const texts: string[] = [];
  const add = (letters: number): void => {
    texts.push(String.fromCharCode(97 + (texts.length % 26)).repeat(letters));
    file.append([line(texts.length, texts.at(-1)!)], {});
  };
  add(100_000);
  // From here on each record goes to the end of its block less 0 to 12 bytes; the header of a part takes 7.
  for (let short = 0; short <= 12; short++) {
    const before = readFileSync(path).length;
    add(1);
    const overhead = readFileSync(path).length - before;
    const left = 32_768 - ((before + overhead) % 32_768);
    add(Math.max(1, left - overhead - short));
    if (short % 3 === 1) add(70_000);
  }
  file.close();
  expect(readWandbFile(readFileSync(path)).history.map(({ text }) => JSON.parse(text!) as string)).toEqual(texts);
});

it("begun anew it holds the lines that it is given, and the files of all", () => {
  const path = newPath();
  const file = openOfflineFile(path, head);
  file.restart([line(1, "a")], { text: '"a"' }, []);
  file.append([line(2, "b"), { ...line(3, "c"), file: { path: "media/table/t.json", text: "{}" } }], { text: '"c"' });
  file.restart([line(2, "b")], { text: '"b"' }, ["media/table/t.json"]);
  file.append([line(3, "d")], { text: '"d"' });
  file.end({ exitCode: 1, runtimeSeconds: 2, report: join(path, "..", "..", "report.html") });
  file.close();
  const { records, history, summary } = readWandbFile(readFileSync(path));
  expect(records.map(({ kind }) => kind)).toEqual([21, 17, 6, 2, 3, 2, 3, 6, 18]);
  expect(history.map(({ text }) => text)).toEqual(['"b"', '"d"']);
  expect(summary).toEqual({ text: '"d"' });
  expect(readFileSync(join(path, "..", "files", "media", "table", "t.json"), "utf8")).toBe("{}");
});

it("what `wandb sync` marked as done is open again when lines are added", () => {
  const path = newPath();
  const file = openOfflineFile(path, head);
  file.restart([line(1, "a")], {}, []);
  writeFileSync(`${path}.synced`, "");
  file.append([line(2, "b")], {});
  file.close();
  expect(existsSync(`${path}.synced`)).toBe(false);
});
