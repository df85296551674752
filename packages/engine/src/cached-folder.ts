import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** `manifest.json` of a cached folder: what it was made from, and enough to notice any changed file. */
export type Manifest = {
  made: Record<string, string>;
  files: Record<string, { bytes: number; sha256: string }>;
};

const manifestName = "manifest.json";

/**
 * Makes `folder` unless an intact one is there: `build` fills a temporary folder beside it, which gets
 * its manifest and then the final name in one rename. When two processes build at once the first
 * rename wins and the other takes its result.
 */
export async function ensureFolder(
  folder: string,
  made: Record<string, string>,
  build: (temporary: string) => Promise<void>,
): Promise<"found" | "built"> {
  if (existsSync(folder)) {
    if ((await damagedFiles(folder)).length === 0) return "found";
    await rm(folder, { recursive: true, force: true });
  }
  await removeAbandoned(dirname(folder));
  const temporary = `${folder}.${process.pid}.${randomUUID().slice(0, 8)}.partial`;
  await mkdir(temporary, { recursive: true });
  try {
    await build(temporary);
    const manifest: Manifest = { made, files: await fingerprints(temporary) };
    await writeFile(join(temporary, manifestName), JSON.stringify(manifest, null, 1));
    await rename(temporary, folder).catch((error: unknown) => {
      if (!looksIntact(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return "built";
}

/** Whether all files of the manifest are there in their full size (a quick look, for each start). */
export function looksIntact(folder: string): boolean {
  const manifest = readManifest(folder);
  if (!manifest) return false;
  return Object.entries(manifest.files).every(
    ([path, { bytes }]) => statSync(join(folder, path), { throwIfNoEntry: false })?.size === bytes,
  );
}

/** Files of the manifest that are missing or whose content changed (reads every byte). */
export async function damagedFiles(folder: string): Promise<string[]> {
  const manifest = readManifest(folder);
  if (!manifest) return [join(folder, manifestName)];
  const damaged: string[] = [];
  for (const [path, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const file = join(folder, path);
    const same = statSync(file, { throwIfNoEntry: false })?.size === bytes && (await hashOfFile(file)) === sha256;
    if (!same) damaged.push(file);
  }
  return damaged;
}

export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, manifestName), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

async function fingerprints(folder: string): Promise<Manifest["files"]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Manifest["files"] = {};
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const file = join(entry.parentPath, entry.name);
    files[file.slice(folder.length + 1)] = { bytes: (await stat(file)).size, sha256: await hashOfFile(file) };
  }
  return files;
}

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/** Removes what builds that were killed have left: temporary folders whose process is gone. */
async function removeAbandoned(parent: string): Promise<void> {
  const names = existsSync(parent) ? await readdir(parent) : [];
  for (const name of names) {
    const pid = /\.(\d+)\.\w+\.partial$/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
