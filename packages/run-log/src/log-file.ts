import { closeSync, existsSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { decodeLine } from "./row-format.ts";

export type LogFile = {
  /** Appends a line; when it returns, the line is with the operating system and outlives this process. */
  append(line: string): void;
  /** Waits until all lines are on the disk itself, so that they outlive a power loss. */
  sync(): void;
  close(): void;
};

/** Opens a log for appending, after removing what a power loss left of a half-written last line. */
export function openLogFile(path: string): LogFile {
  if (existsSync(path)) repairTail(path);
  const file = openSync(path, "a");
  return {
    append: (line) => appendWhole(file, Buffer.from(`${line}\n`)),
    sync: () => fdatasyncSync(file),
    close: () => closeSync(file),
  };
}

/** Writes all bytes or, where the disk is full, none: a part of a line would spoil the next one too. */
function appendWhole(file: number, bytes: Buffer): void {
  let written = writeSync(file, bytes);
  if (written === bytes.length) return;
  const before = fstatSync(file).size - written;
  try {
    while (written < bytes.length) written += writeSync(file, bytes, written);
  } catch (error) {
    ftruncateSync(file, before);
    throw error;
  }
}

function repairTail(path: string): void {
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0) {
    const start = bytes.subarray(0, end - 1).lastIndexOf(10) + 1;
    if (decodeLine(bytes.toString("utf8", start, end)) !== undefined) break;
    end = start;
  }
  if (end < bytes.length) truncateSync(path, end);
  if (end > 0 && bytes[end - 1] !== 10) appendLineEnd(path);
}

function appendLineEnd(path: string): void {
  const file = openSync(path, "a");
  writeSync(file, "\n");
  closeSync(file);
}
