import { existsSync } from "node:fs";
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder } from "./cached-folder.ts";
import { compileAddon } from "./compile-addon.ts";
import { explained, failure } from "./failure.ts";
import { fetchTensorflow, type Python } from "./fetch-tensorflow.ts";
import {
  type AddonSource,
  bindingAddons,
  defaultCacheFolder,
  kernelAddons,
  type NativeFolders,
  nativeFolders,
  tensorflowVersion,
} from "./native-folders.ts";
import { firstThatRuns } from "./run-command.ts";
import { runSelfTest } from "./run-self-test.ts";
import type { Started } from "./use-engine.ts";

export type InstallOptions = {
  /** Build for CUDA (NVIDIA's libraries come along, several gigabytes). */
  gpu?: boolean;
  onProgress?: (message: string) => void;
  cacheFolder?: string;
};

/** What came of an installation; `reason` and `remedy` are one line each. */
export type Installation =
  | ({ installed: true; folders: NativeFolders; seconds: number; warnings: string[] } & Started)
  | { installed: false; reason: string; remedy: string; logFile?: string };

/**
 * Builds the native engine into the per-user cache, or finds it there, and tests it in a child process.
 *
 * TensorFlow's libraries come from its Python package through pip; tfjs-node-gpu's addon and the fused
 * kernels are compiled against them. What is there and intact (every byte is hashed) is kept. Where the
 * kernels can't be built the engine works without them and a warning says so.
 *
 * Never throws and never waits without end: each failure is a result with its reason, a remedy and the log.
 */
export async function installNative(options: InstallOptions = {}): Promise<Installation> {
  const { gpu = false, onProgress = () => {}, cacheFolder = defaultCacheFolder() } = options;
  const started = performance.now();
  const logFile = join(cacheFolder, `install-${gpu ? "cuda" : "cpu"}.log`);
  try {
    const folders = nativeFolders(gpu ? "cuda" : "cpu", cacheFolder);
    await openLog(cacheFolder, logFile);
    const step = { folders, logFile, progress: onProgress, warnings: [] as string[] };
    const compiler = await findCompiler(folders);
    await installLibrary(step);
    const engine = await installAddons(step, compiler);
    if (gpu && engine.device === "cpu") step.warnings.push(noGpuAnswered);
    return { installed: true, folders, seconds: (performance.now() - started) / 1000, warnings: step.warnings, ...engine };
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    return {
      installed: false,
      reason: message,
      remedy: remedy ?? `See ${logFile}`,
      logFile: existsSync(logFile) ? logFile : undefined,
    };
  }
}

type Step = { folders: NativeFolders; logFile: string; progress: (message: string) => void; warnings: string[] };

const noGpuAnswered = "TensorFlow for CUDA is installed but finds no GPU; check that `nvidia-smi` lists one";

async function openLog(cacheFolder: string, logFile: string): Promise<void> {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch) || !glibcVersionRuntime) {
    const here = `${process.platform} ${process.arch}${process.platform === "linux" ? " without glibc" : ""}`;
    throw failure(`the native engine is built on Linux with glibc (x64, arm64), not on ${here}`, "Use the wasm engine");
  }
  await mkdir(cacheFolder, { recursive: true })
    .then(() => writeFile(logFile, `${new Date().toISOString()} node ${process.version}\n\n`))
    .catch((error: Error) => {
      throw failure(`the cache folder can't be written (${error.message})`, "Set XDG_CACHE_HOME to a folder of yours");
    });
}

async function installLibrary({ folders, logFile, progress }: Step): Promise<void> {
  const { device, library } = folders;
  await ensureFolder(library, { tensorflow: tensorflowVersion, device }, async (temporary) => {
    const python = await findPython();
    await needSpace(temporary, device === "cuda" ? 12e9 : 1.5e9);
    await fetchTensorflow(temporary, { device, python, logFile, progress }).catch(
      explained("TensorFlow could not be fetched", "Check that `python3 -m pip download` works here (network, proxy, index)"),
    );
  });
}

/** Compiles both at once, and gives the engine as it will be used. */
async function installAddons(step: Step, compiler: string[] | undefined): Promise<Started> {
  const { binding, kernels } = step.folders;
  const bindingDone = installBinding(step, compiler);
  const kernelsDone = kernels ? installKernels(step, kernels, compiler, bindingDone) : Promise.resolve();
  const [first, second] = await Promise.allSettled([bindingDone, kernelsDone]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "fulfilled") return selfTest(step, binding, kernels);
  step.warnings.push(`the engine works without the fused kernels: ${(second.reason as Error).message}`);
  return selfTest(step, binding);
}

async function installBinding(step: Step, compiler: string[] | undefined): Promise<void> {
  const { folders, progress } = step;
  await ensureFolder(folders.binding, { tensorflow: tensorflowVersion }, async (temporary) => {
    progress("compiling the TensorFlow.js addon");
    await compileAll(bindingAddons(), temporary, step, compiler);
    progress("testing the addon");
    await selfTest(step, temporary);
  });
}

async function installKernels(step: Step, folder: string, compiler: string[] | undefined, bindingDone: Promise<void>): Promise<void> {
  const { folders, progress } = step;
  await ensureFolder(folder, { tensorflow: tensorflowVersion }, async (temporary) => {
    progress("compiling the fused kernels");
    await compileAll(kernelAddons(), temporary, step, compiler);
    await bindingDone;
    progress("testing the fused kernels");
    const engine = await selfTest(step, folders.binding, temporary);
    const unused = engine.kernels === "composed" && engine.device === "cpu";
    if (unused) throw new Error(engine.note ?? "the compiled library holds none");
  });
}

async function compileAll(addons: AddonSource[], folder: string, step: Step, compiler: string[] | undefined): Promise<void> {
  if (!compiler) throw noCompiler();
  const { library } = step.folders;
  const compiling = addons.map((addon) => compileAddon(addon, folder, { library, compiler, logFile: step.logFile }));
  await Promise.all(compiling).catch(explained("the C++ sources did not compile", `See ${step.logFile}`));
}

function selfTest({ logFile }: Step, binding: string, kernels?: string): Promise<Started> {
  return runSelfTest("native", [binding, ...(kernels ? [kernels] : [])], logFile);
}

/** Python and pip of this machine; throws with a `remedy` where one is missing. */
export async function findPython(): Promise<Python> {
  const python = await firstThatRuns([["python3"], ["python"]]);
  const pip = await firstThatRuns([["python3", "-m", "pip"], ["python", "-m", "pip"], ["pip3"], ["pip"]]);
  if (python && pip) return { python, pip };
  const missing = python ? "pip" : "Python";
  throw failure(`${missing} is missing`, "Install Python with pip (Debian, Ubuntu: apt-get install python3-pip)");
}

/** The compiler, asked for before anything large is downloaded for it. */
async function findCompiler({ binding }: NativeFolders): Promise<string[] | undefined> {
  const named = process.env["CXX"]?.split(" ");
  const compiler = await firstThatRuns([...(named ? [named] : []), ["g++"], ["c++"], ["clang++"]]);
  if (!compiler && !existsSync(binding)) throw noCompiler();
  return compiler;
}

function noCompiler(): Error {
  return failure("a C++ compiler is missing", "Install one (Debian, Ubuntu: apt-get install g++)");
}

async function needSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  const missing = `${bytes / 1e9} GB are needed and ${(bavail * bsize / 1e9).toFixed(1)} GB are free in ${folder}`;
  throw failure(missing, "Free some space or set XDG_CACHE_HOME to a folder on a larger disk");
}
