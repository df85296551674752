import { randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Ending of files that are not complete yet. */
const partialEnding = ".partial";

/** Files that this process is writing. */
const inProgress = new Set<string>();

/**
 * Writes the chunks to a new file and puts it in the place of `path` in one step, so that at any moment, even after
 * a kill or a power cut, `path` is the old file or the whole new one.
 *
 * @param writer the public function that errors name
 * @param amend last changes to the new file, before it is made durable
 */
export async function replaceFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  writer: string,
  amend?: (file: FileHandle) => Promise<void>,
): Promise<void> {
  // In the same folder: a rename is atomic only within one file system.
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}${partialEnding}`);
  const file = await open(partial, "wx").catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `${writer}(file): expected a place to write, got ${error.code} for ${path}. Make its folder or check its rights.`,
      { cause: error },
    );
  });
  inProgress.add(partial);
  try {
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await amend?.(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    inProgress.delete(partial);
  }
  await syncFolder(dirname(path));
}

/** Deletes what earlier processes left half written. */
export async function removePartials(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith(partialEnding) && !inProgress.has(path)) await rm(path, { force: true });
  }
}

/** Makes the rename itself durable. */
async function syncFolder(folder: string): Promise<void> {
  // Windows keeps no such handle and needs none.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
