import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";

/** Replaces a file as a whole: whatever happens, the old or the new text is there, never a part. */
export function writeAtomic(path: string, text: string): void {
  const unfinished = `${path}.tmp`;
  const file = openSync(unfinished, "w");
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

/** `writeAtomic` of plain data as indented JSON. */
export function writeJson(path: string, data: unknown): void {
  writeAtomic(path, `${JSON.stringify(data, null, 2)}\n`);
}
