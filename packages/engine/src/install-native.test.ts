import { chmod, mkdir, mkdtemp, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ensureFolder } from "./cached-folder.ts";
import { installNative } from "./install-native.ts";
import { installedNative } from "./installed-native.ts";
import { nativeFolders } from "./native-folders.ts";
import { verifyNative } from "./verify-native.ts";

/** A machine whose only programs are those that a test puts into `programs`: nothing is downloaded. */
let programs: string;
let cacheFolder: string;

beforeEach(async () => {
  programs = await mkdtemp(join(tmpdir(), "flexivit-programs-"));
  cacheFolder = await mkdtemp(join(tmpdir(), "flexivit-install-"));
  vi.stubEnv("PATH", programs);
  vi.stubEnv("CXX", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** `body` answers every call but `--version`. */
async function addProgram(name: string, body: string): Promise<void> {
  const file = join(programs, name);
  await writeFile(file, `#!/bin/sh\nfor word in "$@"; do if [ "$word" = --version ]; then exit 0; fi; done\n${body}\n`);
  await chmod(file, 0o755);
}

async function fakeLibrary(): Promise<void> {
  await ensureFolder(nativeFolders("cpu", cacheFolder).library, {}, (folder) => writeFile(join(folder, "lib"), "12345"));
}

async function fakeBinding(): Promise<void> {
  await ensureFolder(nativeFolders("cpu", cacheFolder).binding, {}, (folder) => writeFile(join(folder, "addon"), "1234567"));
}

test("without a compiler nothing is downloaded and the remedy names the package", async () => {
  expect(await installNative({ cacheFolder })).toEqual({
    installed: false,
    reason: "a C++ compiler is missing",
    remedy: "Install one (Debian, Ubuntu: apt-get install g++)",
    logFile: join(cacheFolder, "install-cpu.log"),
  });
  expect(await readdir(cacheFolder)).toEqual(["install-cpu.log"]);
});

test("without pip the remedy names the package", async () => {
  await addProgram("g++", "exit 0");
  const remedy = "Install Python with pip (Debian, Ubuntu: apt-get install python3-pip)";
  expect(await installNative({ cacheFolder })).toMatchObject({ reason: "Python is missing", remedy });
  // Answers for itself, but not as `python3 -m pip`.
  await writeFile(join(programs, "python3"), '#!/bin/sh\n[ "$1" = --version ]');
  await chmod(join(programs, "python3"), 0o755);
  expect(await installNative({ cacheFolder })).toMatchObject({ reason: "pip is missing", remedy });
});

test("a failed download says what pip said, keeps the log and leaves nothing else", async () => {
  await addProgram("g++", "exit 0");
  await addProgram("python3", "echo connection refused >&2; exit 2");
  const progress: string[] = [];
  const result = await installNative({ cacheFolder, onProgress: (message) => progress.push(message) });
  expect(result).toEqual({
    installed: false,
    reason: "TensorFlow could not be fetched (python3: failed (2): connection refused)",
    remedy: "Check that `python3 -m pip download` works here (network, proxy, index)",
    logFile: join(cacheFolder, "install-cpu.log"),
  });
  expect(progress).toEqual(["downloading tensorflow-cpu==2.21.0"]);
  expect(await readdir(cacheFolder)).toEqual(["install-cpu.log"]);
  const log = await readFile(join(cacheFolder, "install-cpu.log"), "utf8");
  expect(log.match(/pip download .*tensorflow-cpu==2\.21\.0/g)).toHaveLength(2); // one fixed Python, then pip's choice
});

test("sources that do not compile give the compiler's last line", async () => {
  await fakeLibrary();
  await addProgram("g++", "echo 'error: no type named X' >&2; exit 1");
  expect(await installNative({ cacheFolder })).toMatchObject({
    installed: false,
    reason: "the C++ sources did not compile (g++: failed (1): error: no type named X)",
    remedy: `See ${join(cacheFolder, "install-cpu.log")}`,
  });
});

test("an addon that does not load fails its self-test in a process of its own", async () => {
  await fakeLibrary();
  await addProgram("g++", ":"); // says yes and writes nothing
  const result = await installNative({ cacheFolder });
  expect(result).toMatchObject({ installed: false, remedy: `See ${join(cacheFolder, "install-cpu.log")}` });
  expect(!result.installed && result.reason).toMatch(/^the built engine failed its self-test \(.*node: failed \(1\)/);
});

test.skipIf(!hasNative())("kernels that do not compile leave an engine that works, and a warning", async () => {
  const [real, here] = [nativeFolders("cpu"), nativeFolders("cpu", cacheFolder)];
  await symlink(real.library, here.library);
  await symlink(real.binding, here.binding);
  await addProgram("g++", "echo 'error: no vector unit' >&2; exit 1");
  expect(await installNative({ cacheFolder })).toMatchObject({
    installed: true,
    kernels: "composed",
    version: "2.21.0",
    warnings: ["the engine works without the fused kernels: the C++ sources did not compile (g++: failed (1): error: no vector unit)"],
  });
});

function hasNative(): boolean {
  try {
    return installedNative().device === "cpu";
  } catch {
    return false;
  }
}

test("a cache folder that can't be made is a reason, not an exception", async () => {
  const file = join(cacheFolder, "file");
  await writeFile(file, "");
  const result = await installNative({ cacheFolder: join(file, "below") });
  expect(result).toMatchObject({ installed: false, remedy: "Set XDG_CACHE_HOME to a folder of yours", logFile: undefined });
  expect(!result.installed && result.reason).toMatch(/^the cache folder can't be written \(ENOTDIR/);
});

test("an engine whose file was cut is refused at the start, a changed byte is found by verifyNative", async () => {
  await fakeLibrary();
  await fakeBinding();
  const { library, binding } = nativeFolders("cpu", cacheFolder);
  expect(installedNative(cacheFolder)).toMatchObject({ device: "cpu", library, binding, kernels: undefined });
  await writeFile(join(library, "lib"), "12346");
  expect(await verifyNative(cacheFolder)).toEqual([
    { folder: library, damaged: [join(library, "lib")] },
    { folder: binding, damaged: [] },
  ]);
  await truncate(join(binding, "addon"), 3);
  const message = "its files are incomplete or of another version. Run: npx flexivit engine install";
  expect(() => installedNative(cacheFolder)).toThrow(new Error(message));
});

test("an empty cache gives the command that fills it", async () => {
  await mkdir(join(cacheFolder, "empty"));
  const message = "it is not installed. Run: npx flexivit engine install";
  expect(() => installedNative(join(cacheFolder, "empty"))).toThrow(new Error(message));
});
