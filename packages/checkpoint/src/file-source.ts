import { type FileHandle, open, stat } from "node:fs/promises";
import type { ByteSource } from "./byte-source.ts";

/** Largest single read; Node refuses reads of 2 GiB. */
const maxReadBytes = 2 ** 28;

/** A file on disk. It is opened for each read, so there is nothing to close; a file that changed meanwhile is refused. */
export async function openFile(path: string, reader: string): Promise<ByteSource> {
  const before = await readable(stat(path), path, reader);
  if (!before.isFile()) {
    throw new Error(`${reader}(file): expected a file, got a folder or device at ${path}. Check the path.`);
  }
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    await withFile(path, reader, async (handle) => {
      const now = await handle.stat();
      if (now.ino !== before.ino || now.size !== before.size || now.mtimeMs !== before.mtimeMs) {
        throw new Error(`${reader}(file): expected a file at rest, got one that changed: ${path}. Open it again.`);
      }
      return await readRange(handle, offset, length);
    });
  return { name: path, size: before.size, read };
}

async function readRange(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, maxReadBytes), offset + done);
    if (bytesRead === 0) throw new Error(`expected ${length} bytes at ${offset}, got ${done}`);
    done += bytesRead;
  }
  return bytes;
}

async function withFile<T>(path: string, reader: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await readable(open(path, "r"), path, reader);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function readable<T>(opening: Promise<T>, path: string, reader: string): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(`${reader}(file): expected a readable file, got ${code} for ${path}. Check the path.`, {
      cause: error,
    });
  }
}
