import { createRequire } from "node:module";
import { installedNative } from "./installed-native.ts";
import { defaultCacheFolder, kernelAddons, type NativeFolders, tensorflowVersion } from "./native-folders.ts";
import { defaultThreads, hasNvidiaDriver } from "./processor.ts";
import { type EngineName, triedEngines, wishedEngine } from "./use-engine.ts";
import { installedWebgpu, webgpuFolder, webgpuVersion } from "./webgpu-folder.ts";

/** One engine as it stands on this machine, found without starting it. */
export type EngineReport = {
  name: EngineName;
  available: boolean;
  /** Whether `useEngine()` would take it now. */
  chosen: boolean;
  version: string;
  threads: number;
  /** One line: what it is, or why it can't run. */
  detail: string;
  /** How to get it, or how to make it faster; absent when nothing is left to do. */
  remedy?: string;
  /** Where its files lie (native and webgpu). */
  folder?: string;
};

/** Which engines this machine has, fastest first, which one `useEngine()` would take, and how to get a faster one. */
export async function describeEngines(): Promise<EngineReport[]> {
  const reports: Omit<EngineReport, "chosen">[] = [
    describeNative(),
    describeWebgpu(),
    packaged("wasm", "WebAssembly with SIMD"),
    packaged("cpu", "plain JavaScript, for tests and tiny models"),
  ];
  const wish = wishedEngine();
  const chosen = reports.find(({ name, available }) => available && (wish ? name === wish : triedEngines.includes(name)));
  return reports.map((report) => ({ ...report, chosen: report === chosen }));
}

const require = createRequire(import.meta.url);

/** An engine that is an npm package; its version is read without loading it. */
function packaged(name: "wasm" | "cpu", detail: string): Omit<EngineReport, "chosen"> {
  const { version } = require(`@tensorflow/tfjs-backend-${name}/package.json`) as { version: string };
  return { name, available: true, version, threads: 1, detail };
}

function describeNative(): Omit<EngineReport, "chosen"> {
  const base = { name: "native" as const, version: tensorflowVersion, threads: defaultThreads(), folder: defaultCacheFolder() };
  let folders: NativeFolders;
  try {
    folders = installedNative();
  } catch (error) {
    const [detail = "", remedy = ""] = (error as Error).message.split(". Run: ");
    return { ...base, available: false, detail, remedy: `${remedy} (needs python3-pip and g++)` };
  }
  const kernels = folders.kernels && folders.device === "cpu" ? "fused" : "composed";
  const detail = `TensorFlow for ${folders.device}, ${kernels} kernels`;
  return { ...base, available: true, detail, remedy: fasterNative(folders) };
}

function describeWebgpu(): Omit<EngineReport, "chosen"> {
  const base = { name: "webgpu" as const, version: webgpuVersion, threads: 1, folder: webgpuFolder() };
  const detail = "graphics card through WebGPU; runs only where asked for";
  try {
    installedWebgpu();
    return { ...base, available: true, detail };
  } catch {
    return { ...base, available: false, detail: `${detail}; not installed`, remedy: "npx flexivit engine install --webgpu (needs npm)" };
  }
}

function fasterNative({ device, kernels }: NativeFolders): string | undefined {
  if (hasNvidiaDriver() && device === "cpu") return "npx flexivit engine install --gpu (an NVIDIA driver is loaded)";
  if (!kernels && kernelAddons().length > 0) return "npx flexivit engine install (builds the fused kernels)";
  return undefined;
}

/** The reports as lines for a terminal: `*` marks the engine that would run, an indented line the remedy. */
export function formatEngines(reports: EngineReport[]): string {
  const lines = reports.flatMap(({ name, available, chosen, version, threads, detail, remedy, folder }) => {
    const state = available ? `${version.padEnd(8)} ${`${threads} thread${threads === 1 ? " " : "s"}`.padEnd(11)}` : "-".padEnd(20);
    return [
      `${chosen ? "*" : " "} ${name.padEnd(7)} ${state} ${detail}`,
      ...(remedy ? [`            to get ${available ? "more" : "it"}: ${remedy}`] : []),
      ...(folder && available ? [`            files: ${folder}`] : []),
    ];
  });
  return [...lines, reasonLine(reports)].join("\n");
}

function reasonLine(reports: EngineReport[]): string {
  const wish = wishedEngine();
  const chosen = reports.find((report) => report.chosen);
  if (!chosen) return `FLEXIVIT_ENGINE asks for ${wish}, which can't run here.`;
  return wish ? `${chosen.name} runs because FLEXIVIT_ENGINE asks for it.` : `${chosen.name} runs: it is the fastest one here.`;
}
