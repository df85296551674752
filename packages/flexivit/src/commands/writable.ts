import { mkdtemp, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

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

/** The same of a file, whose folder must be there. */
export async function requireWritableFile(file: string, where: string): Promise<void> {
  const isFolder = await stat(file).then((found) => found.isDirectory(), () => false);
  const code = isFolder ? "EISDIR" : await whyNotWritable(dirname(resolve(file)), false);
  if (code !== undefined) throw new Error(`${where}: expected a file that can be written, got ${code} at ${file}. Name another one.`);
}

/** The code of the error with which nothing can be made in a folder, or, where it is missing and may be made, in the first one above it that is there. */
async function whyNotWritable(folder: string, canBeMade: boolean): Promise<string | undefined> {
  try {
    await rmdir(await mkdtemp(join(folder, ".writable-")));
    return undefined;
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" && !(await stat(folder).then(() => true, () => false));
    return isMissing && canBeMade && dirname(folder) !== folder ? whyNotWritable(dirname(folder), true) : code;
  }
}
