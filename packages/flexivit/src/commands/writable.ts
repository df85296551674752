import { constants } from "node:fs";
import { lstat, mkdtemp, open, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { writeAtomic } from "@flexivit/run-log";

/**
 * Throws where a folder could not be made or written to: before anything is computed, and without making it.
 *
 * `mkdir` with `recursive` is no test of that: where a folder is one that nothing can be made in, as below /proc, it never ends.
 *
 * @param where the command and its flag, as errors name them
 */
export async function requireWritableFolder(folder: string, where: string): Promise<void> {
  const code = await whyNotWritable(resolve(folder), true);
  if (code !== undefined) throw new Error(`${where}: expected a folder that can be written, got ${code} at ${folder}. Name another one.`);
}

/**
 * The same of a file, whose folder must be there; one that is there must not be read-only.
 *
 * @param orInPlace whether it is written by `writeWhole`, which wants no folder that can be written where the file is there
 */
export async function requireWritableFile(file: string, where: string, { orInPlace = false }: { orInPlace?: boolean } = {}): Promise<void> {
  const code = await whyNoFile(file, orInPlace);
  if (code === undefined) return;
  throw new Error(`${where}: expected a file that can be written, got ${code} at ${file}. ${code === "ENOENT" ? "Make its folder, or name" : "Name"} another one.`);
}

/**
 * Writes a text, given in parts, as a whole: whatever happens, the old file or the new one is there.
 *
 * What is no plain file, such as /dev/stdout, and what lies in a folder that cannot be written, is written in place.
 */
export async function writeWhole(file: string, parts: Iterable<string>): Promise<void> {
  const isPlain = await lstat(file).then((found) => found.isFile(), () => true);
  if (isPlain && (await whyNotWritable(dirname(resolve(file)), false)) === undefined) writeAtomic(file, parts);
  else await writeFile(file, parts);
}

async function whyNoFile(file: string, orInPlace: boolean): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) return "EISDIR";
  const code = found?.isFile() ? await whyNotOpened(file) : undefined; // to open a pipe could wait for ever
  if (code !== undefined || (found && orInPlace)) return code;
  return whyNotWritable(dirname(resolve(file)), false);
}

/** The code of the error with which a file cannot be opened to be written; it stays as it is. */
async function whyNotOpened(file: string): Promise<string | undefined> {
  try {
    await (await open(file, constants.O_WRONLY)).close();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

/** The code of the error with which nothing can be made in a folder, or, where it is missing and may be made, in the first one above it that is there. */
async function whyNotWritable(folder: string, canBeMade: boolean): Promise<string | undefined> {
  try {
    await rmdir(await mkdtemp(join(folder, ".writable-")));
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    const isMissing = code === "ENOENT" && !(await stat(folder).then(() => true, () => false));
    return isMissing && canBeMade && dirname(folder) !== folder ? whyNotWritable(dirname(folder), true) : code;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
