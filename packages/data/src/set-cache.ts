import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** The folder of this user where converted sets are kept: $XDG_CACHE_HOME/flexivit/data or ~/.cache/flexivit/data. */
export function setCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "flexivit", "data");
}

const checksumLength = 32;

/**
 * The bytes that `make` gives, kept in `file` for the next time.
 *
 * A file whose checksum is wrong is made again. Where the file cannot be written, it is made each time.
 */
export async function cached(file: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const known = await readFile(file).catch(() => undefined);
  const body = known?.subarray(checksumLength);
  if (known && body && checksum(body).equals(known.subarray(0, checksumLength))) return body;
  const made = await make();
  await writeWhole(file, [checksum(made), made]).catch(() => undefined);
  return made;
}

const checksum = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** Writes beside the file and renames, so that no reader and no crash ever sees half of it. */
async function writeWhole(file: string, parts: readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${Date.now()}`;
  try {
    await writeFile(temporary, parts);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
