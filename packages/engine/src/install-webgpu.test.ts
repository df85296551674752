import { chmod, mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ensureFolder } from "./cached-folder.ts";
import { installWebgpu } from "./install-webgpu.ts";
import { installedWebgpu, webgpuFolder, webgpuPackages } from "./webgpu-folder.ts";

/** A machine whose only programs are those that a test puts into `programs`: nothing is downloaded. */
let programs: string;
let cacheFolder: string;

beforeEach(async () => {
  programs = await mkdtemp(join(tmpdir(), "flexivit-programs-"));
  cacheFolder = await mkdtemp(join(tmpdir(), "flexivit-install-"));
  vi.stubEnv("PATH", programs);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function addNpm(body: string): Promise<void> {
  await writeFile(join(programs, "npm"), `#!/bin/sh\n${body}\n`);
  await chmod(join(programs, "npm"), 0o755);
}

test("a failed download says what npm said, keeps the log and leaves nothing else", async () => {
  await addNpm("echo 'npm error network' >&2; exit 7");
  const progress: string[] = [];
  expect(await installWebgpu({ cacheFolder, onProgress: (message) => progress.push(message) })).toEqual({
    installed: false,
    reason: "webgpu@0.6.2 could not be fetched (npm: failed (7): npm error network)",
    remedy: "Check that `npm pack` works here (network, proxy, registry)",
    logFile: join(cacheFolder, "install-webgpu.log"),
  });
  expect(progress).toEqual(["downloading WebGPU: Dawn and a Vulkan driver in software"]);
  expect(await readdir(cacheFolder)).toEqual(["install-webgpu.log"]);
  expect(await readFile(join(cacheFolder, "install-webgpu.log"), "utf8")).toMatch(/npm pack --silent --pack-destination .* webgpu@0\.6\.2\n/);
});

test("a package that npm does not write is a reason, not an exception", async () => {
  await addNpm("exit 0");
  expect(await installWebgpu({ cacheFolder })).toMatchObject({ installed: false, reason: "webgpu@0.6.2 did not arrive" });
});

test("an archive that is not the one that was tested is refused before it is unpacked", async () => {
  await addNpm('echo "no archive" > "$4/webgpu-0.6.2.tgz"'); // npm pack --silent --pack-destination FOLDER PACKAGE
  expect(await installWebgpu({ cacheFolder })).toMatchObject({
    installed: false,
    reason: `webgpu@0.6.2 arrived with SHA-512 FAsUj3ZRBIrG8bUEfrQTbysONFIrr1viJNyDluTTlVCv7E32Y0aAExh15J99XZGvv9G1iPB+S5QFn82btT1tyQ== in place of ${webgpuPackages.dawn.sha512}`,
    remedy: "Ask the registry's owner; do not use this archive",
  });
});

test("files that do not load fail their self-test in a process of its own", async () => {
  await ensureFolder(webgpuFolder(cacheFolder), {}, (folder) => writeFile(join(folder, "dawn.node"), "no addon"));
  const result = await installWebgpu({ cacheFolder });
  expect(result).toMatchObject({ installed: false, remedy: `See ${join(cacheFolder, "install-webgpu.log")}` });
  expect(!result.installed && result.reason).toMatch(/^the built engine failed its self-test \(.*node: failed \(1\)/);
});

test("an empty cache gives the command that fills it, a cut file too", async () => {
  const message = "it is not installed. Run: npx flexivit engine install --webgpu";
  expect(() => installedWebgpu(cacheFolder)).toThrow(new Error(message));
  const folder = webgpuFolder(cacheFolder);
  await ensureFolder(folder, {}, (folder) => writeFile(join(folder, "dawn.node"), "12345"));
  expect(installedWebgpu(cacheFolder)).toBe(folder);
  await truncate(join(folder, "dawn.node"), 3);
  expect(() => installedWebgpu(cacheFolder)).toThrow(new Error(message));
});
