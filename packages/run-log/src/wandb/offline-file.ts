import { closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { logRecord } from "./leveldb-log.ts";
import type { HistoryLine } from "./log-tail.ts";
import { exitRecord, filesRecord, headerRecord, historyRecord, runRecord, summaryRecord, type JsonTexts, type RunHead } from "./wandb-records.ts";

/** A `.wandb` file that grows with its run, and the `files` folder beside it. */
export type OfflineFile = {
  /** Adds lines, their files, and what they change in the summary. */
  append(lines: readonly HistoryLine[], summary: JsonTexts): void;
  /** Adds the end of the run, and its report, which may be written later. */
  end(outcome: { exitCode: number; runtimeSeconds: number; report: string }): void;
  /** Begins anew with these lines, since those before are on the server, or void; `filePaths` are files of those before. */
  restart(lines: readonly HistoryLine[], summary: JsonTexts, filePaths: readonly string[]): void;
  close(): void;
};

// ":W&B", W&B's magic number 0xBEE1 and the version 0. Source: PyPI `wandb`, the header of its log files.
const beginning = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00]);

/** Opens the `.wandb` file at `path` anew. */
export function openOfflineFile(path: string, head: RunHead): OfflineFile {
  const fresh = () => {
    mkdirSync(join(dirname(path), "files"), { recursive: true });
    return [headerRecord(), runRecord(head)].reduce((bytes, record) => Buffer.concat([bytes, logRecord(record, bytes.length)]), beginning);
  };
  let file: number | undefined;
  let length = 0;

  function recordsOf(lines: readonly HistoryLine[], summary: JsonTexts): Buffer[] {
    const files = lines.map(({ file }) => file).filter((file) => file !== undefined);
    for (const { path: name, text } of files) writeInto(join(dirname(path), "files", name), text);
    const history = lines.map(({ step, values }) => historyRecord(step, values));
    return [...(files.length > 0 ? [filesRecord(files.map(({ path }) => path))] : []), ...history, summaryRecord(summary)];
  }
  function write(records: readonly Buffer[]): void {
    const parts: Buffer[] = [];
    for (const record of records) {
      const part = logRecord(record, length);
      length += part.length;
      parts.push(part);
    }
    const bytes = Buffer.concat(parts);
    for (let written = 0; written < bytes.length; ) written += writeSync(file!, bytes, written);
    rmSync(`${path}.synced`, { force: true }); // what `wandb sync` leaves; there is more to send now
  }
  return {
    append: (lines, summary) => write(recordsOf(lines, summary)),
    end({ exitCode, runtimeSeconds, report }) {
      linkTo(report, join(dirname(path), "files", "report.html"));
      write([filesRecord(["report.html"]), exitRecord(exitCode, runtimeSeconds)]);
    },
    restart(lines, summary, filePaths) {
      if (file !== undefined) closeSync(file);
      const bytes = fresh();
      writeFileSync(`${path}.tmp`, bytes);
      file = openSync(`${path}.tmp`, "a");
      length = bytes.length;
      write([...(filePaths.length > 0 ? [filesRecord(filePaths)] : []), ...recordsOf(lines, summary)]);
      renameSync(`${path}.tmp`, path);
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}

/** Puts a link at `path`; on a system that does not allow links the file is left out. */
function linkTo(target: string, path: string): void {
  rmSync(path, { force: true });
  try {
    symlinkSync(relative(dirname(path), target), path);
  } catch {
    // The report is in the run folder all the same.
  }
}

function writeInto(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
