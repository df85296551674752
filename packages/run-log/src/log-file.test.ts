import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLogFile } from "./log-file.ts";

const first = '{"step":1,"time":0.5,"loss":2.5}\n';
const second = '{"step":2,"time":1,"name":"über"}\n';
const third = '{"step":3,"time":1.5,"loss":1.25}\n';

const newPath = () => join(mkdtempSync(join(tmpdir(), "log-file-")), "log.jsonl");

function reopened(content: string | Buffer): string {
  const path = newPath();
  writeFileSync(path, content);
  const file = openLogFile(path);
  file.append(third.trimEnd());
  file.close();
  return readFileSync(path, "utf8");
}

it("a last line that was cut at any byte is removed on reopening; one that lacks only its end is kept", () => {
  const whole = Buffer.from(first + second);
  const firstBytes = Buffer.byteLength(first);
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    const kept = (bytes >= firstBytes - 1 ? first : "") + (bytes >= whole.length - 1 ? second : "");
    expect(reopened(whole.subarray(0, bytes)), `${bytes} bytes left`).toBe(kept + third);
  }
});

it("the zero bytes that a file system leaves after a power loss are removed, with line ends among them too", () => {
  expect(reopened(`${first}\0\0\0\0`)).toBe(first + third);
  expect(reopened(`${first}\0\0\n\0\0\n`)).toBe(first + third);
});

it("lines before the last readable one are left alone, even where damaged", () => {
  expect(reopened(`${first}{"step":\n${second}`)).toBe(`${first}{"step":\n${second}${third}`);
});

it("appends where another process has appended meanwhile", () => {
  const path = newPath();
  const file = openLogFile(path);
  file.append(first.trimEnd());
  appendFileSync(path, second);
  file.append(third.trimEnd());
  file.sync();
  file.close();
  expect(readFileSync(path, "utf8")).toBe(first + second + third);
});
