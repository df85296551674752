import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { processorFlags } from "./processor.ts";
import { tfjsNodeFolder } from "./tfjs-node.ts";

/** The TensorFlow that the native engine is built against. */
export const tensorflowVersion = "2.21.0";

export type Device = "cpu" | "cuda";

/** Where one build of the native engine lies in the cache; every name changes with what it is made from. */
export type NativeFolders = {
  device: Device;
  /** TensorFlow's two libraries and C headers. */
  library: string;
  /** `tfjs_binding.node` of tfjs-node-gpu, and our `process_setup.node`. */
  binding: string;
  /** `flexivit_kernels.node`; undefined where this package has no kernel sources. */
  kernels: string | undefined;
};

/** A shared library to compile: its sources, and flags that count towards its name in the cache. */
export type AddonSource = { name: string; sources: string[]; hashed: string[]; flags: string[] };

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/** The per-user cache: `$XDG_CACHE_HOME/flexivit/engine`, else `~/.cache/flexivit/engine`. */
export function defaultCacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "flexivit", "engine");
}

/** Where the native engine for `device` lies, whether it has been built or not. */
export function nativeFolders(device: Device, cacheFolder: string = defaultCacheFolder()): NativeFolders {
  const library = `tensorflow-${tensorflowVersion}-${device}-${process.platform}-${process.arch}`;
  const kernels = kernelAddons();
  return {
    device,
    library: join(cacheFolder, library),
    binding: join(cacheFolder, `binding-${device}-${fingerprint(bindingAddons(), library)}`),
    kernels: kernels.length > 0 ? join(cacheFolder, `kernels-${device}-${fingerprint(kernels, library)}`) : undefined,
  };
}

const commonFlags = ["-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"];

/** tfjs-node-gpu's own C++ sources, and ours that is loaded before them. */
export function bindingAddons(): AddonSource[] {
  const tfjs = join(tfjsNodeFolder(), "binding");
  const flags = [...commonFlags, "-O2"];
  return [
    { name: "process_setup", ...filesOf(join(packageFolder, "native")), flags },
    { name: "tfjs_binding", ...filesOf(tfjs), flags },
  ];
}

/** The fused kernels, compiled for this very processor; none where the package has no kernel sources. */
export function kernelAddons(): AddonSource[] {
  const folder = join(packageFolder, "kernels");
  const files = existsSync(folder) ? filesOf(folder) : undefined;
  if (!files?.sources.length) return [];
  return [{ name: "flexivit_kernels", ...files, flags: [...commonFlags, "-O3", "-march=native"] }];
}

function filesOf(folder: string): { sources: string[]; hashed: string[] } {
  const hashed = readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name)).toSorted().map((name) => join(folder, name));
  return { sources: hashed.filter((file) => file.endsWith(".cc")), hashed };
}

/** 16 hex digits over the sources, the flags and, with -march=native, what the processor can do. */
function fingerprint(addons: AddonSource[], library: string): string {
  const hash = createHash("sha256").update(library);
  for (const { hashed, flags } of addons) {
    hash.update(JSON.stringify(flags));
    if (flags.includes("-march=native")) hash.update(processorFlags());
    for (const file of hashed) hash.update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}
