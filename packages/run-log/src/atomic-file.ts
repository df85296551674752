import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Replaces a file as a whole: whatever happens, the old or the new text is there, never a part.
 *
 * @param text also in parts, where it is longer than a string can be
 */
export function writeAtomic(path: string, text: string | Iterable<string>): void {
  const unfinished = `${path}.tmp`;
  const file = openSync(unfinished, "w");
  try {
    for (const part of typeof text === "string" ? [text] : text) writeFileSync(file, part);
    fsyncSync(file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

/** `writeAtomic` of plain data as indented JSON. */
export function writeJson(path: string, data: unknown): void {
  writeAtomic(path, `${JSON.stringify(data, null, 2)}\n`);
}
