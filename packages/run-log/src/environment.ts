import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The machine and the software that a run runs on. */
export type Environment = {
  readonly startedAt: string;
  readonly command: readonly string[];
  readonly gitCommit?: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly packages: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
};

/** Returns the current environment; `extra` adds what only the caller knows, such as the engine. */
export async function describeEnvironment(extra: Readonly<Record<string, unknown>> = {}): Promise<Environment> {
  return {
    startedAt: new Date().toISOString(),
    command: process.argv,
    gitCommit: await gitCommit(),
    node: process.version,
    platform: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memoryGiB: Number((os.totalmem() / 2 ** 30).toFixed(1)),
    packages: packageVersions(process.argv[1]),
    ...extra,
  };
}

/** The commit of the working folder, with `-dirty` where files differ from it; undefined outside git. */
async function gitCommit(): Promise<string | undefined> {
  try {
    const command = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
    return (await promisify(execFile)("git", command, { timeout: 5000 })).stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The versions of the program's package and of what it depends on, as they are installed. */
function packageVersions(script: string | undefined): Record<string, string> {
  if (script === undefined || !existsSync(script)) return {};
  const folders = parents(dirname(realpathSync(script)));
  const own = folders.map((folder) => readManifest(folder)).find((manifest) => manifest?.name !== undefined);
  const names = Object.keys({ ...own?.dependencies, ...own?.peerDependencies, ...own?.devDependencies });
  const installed = names.map((name) => {
    const found = folders.map((folder) => readManifest(join(folder, "node_modules", name))).find(Boolean);
    return [name, found?.version] as const;
  });
  const all = [[own?.name, own?.version] as const, ...installed];
  return Object.fromEntries(all.filter((pair): pair is [string, string] => pair[0] !== undefined && pair[1] !== undefined));
}

type Manifest = { name?: string; version?: string } & Record<
  "dependencies" | "peerDependencies" | "devDependencies",
  Record<string, string> | undefined
>;

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

function parents(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...parents(parent)];
}
