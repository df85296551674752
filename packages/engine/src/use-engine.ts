import * as tf from "@tensorflow/tfjs-core";

export type EngineName = "native" | "webgpu" | "wasm" | "cpu";

/** Fastest first. */
export const engineNames: readonly EngineName[] = ["native", "webgpu", "wasm", "cpu"];

/** The order in which engines are tried; WebGPU runs only where it is asked for (docs/decisions/0017). */
export const triedEngines: readonly EngineName[] = ["native", "wasm", "cpu"];

export type Engine = {
  name: EngineName;
  /** The name of the TensorFlow.js backend. */
  backend: string;
  /** Where it computes; `cpu` for a graphics driver in software. */
  device: "cpu" | "cuda" | "gpu";
  /** Of TensorFlow for native, else of the TensorFlow.js backend. */
  version: string;
  threads: number;
  /** Whether differentiable blocks run as one kernel each, or as a composition of core operations. */
  kernels: "fused" | "composed";
  /** One line: why this engine, and what was skipped with its remedy. */
  why: string;
};

export type EngineOptions = {
  /** Use this engine and no other. */
  prefer?: EngineName;
  /** Threads for the work of one operation; by default one per core. Fixed when the engine starts. */
  threads?: number;
};

/** What an engine reports when it starts; `note` is one line about what it had to leave out. */
export type Started = Omit<Engine, "name" | "why"> & { note?: string };

/** Imported when needed: an engine that isn't used costs nothing. */
const starters: Record<EngineName, (threads?: number) => Promise<Started>> = {
  native: async (threads) => (await import("./native-engine.ts")).startBestNative(threads),
  webgpu: async () => (await import("./webgpu-engine.ts")).startInstalledWebgpu(),
  wasm: async () => (await import("./wasm-engine.ts")).startWasm(),
  cpu: async () => (await import("./cpu-engine.ts")).startCpu(),
};

/** Started engines, shared by all copies of this package in the process, as tfjs's own registry is. */
type Running = { started: Map<EngineName, Promise<Engine>>; current?: Engine };
const key = Symbol.for("@flexivit/engine");
const running: Running = ((globalThis as Record<symbol, unknown>)[key] ??= { started: new Map() }) as Running;

/**
 * Starts the fastest engine that this machine has, makes it TensorFlow.js's current backend and registers
 * the gradients of all core operations. Called again it gives the engine that runs.
 *
 * Without a wish it never throws: it goes from native TensorFlow to WebAssembly to plain JavaScript, and
 * `why` says what was skipped. `prefer`, or the variable FLEXIVIT_ENGINE which goes before it, asks for one; WebGPU
 * runs only so.
 *
 * Throws when the engine asked for is unknown or can't be had, or runs with another number of threads.
 */
export async function useEngine(options: EngineOptions = {}): Promise<Engine> {
  const { threads } = options;
  checkThreads(threads);
  const wish = wishedEngine(options.prefer);
  const engine = wish ? await startOnly(wish, threads) : (running.current ?? (await startBest(threads)));
  if (threads !== undefined && threads !== engine.threads && engine.name !== "cpu") {
    throw new Error(
      `useEngine(threads): expected ${engine.threads}, with which ${engine.name} already runs, got ${threads}. ` +
        "Ask for threads in the first call.",
    );
  }
  await tf.setBackend(engine.backend);
  running.current = engine;
  return engine;
}

async function startBest(threads?: number): Promise<Engine> {
  const skipped: string[] = [];
  for (const name of triedEngines) {
    try {
      return await startOnce(name, threads, ["the fastest here", ...skipped].join("; "));
    } catch (error) {
      skipped.push(`${name} skipped: ${(error as Error).message}`);
    }
  }
  throw new Error(`useEngine(): expected an engine that starts, got none: ${skipped.join("; ")}`);
}

async function startOnly(name: EngineName, threads?: number): Promise<Engine> {
  try {
    return await startOnce(name, threads, "asked for");
  } catch (error) {
    throw new Error(`useEngine(prefer): expected an engine that starts here, got "${name}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function startOnce(name: EngineName, threads: number | undefined, why: string): Promise<Engine> {
  const found = running.started.get(name);
  if (found) return found;
  const starting = starters[name](threads).then(({ note, ...started }) => ({
    name,
    ...started,
    why: note ? `${why}; ${note}` : why,
  }));
  running.started.set(name, starting);
  starting.catch(() => running.started.delete(name));
  return starting;
}

/** The engine asked for: by FLEXIVIT_ENGINE, else by the caller. */
export function wishedEngine(prefer?: EngineName): EngineName | undefined {
  const fromEnvironment = process.env["FLEXIVIT_ENGINE"] || undefined;
  const wish = fromEnvironment ?? prefer;
  if (wish === undefined || engineNames.includes(wish as EngineName)) return wish as EngineName | undefined;
  const argument = fromEnvironment ? "FLEXIVIT_ENGINE" : "prefer";
  throw new Error(`useEngine(${argument}): expected one of ${engineNames.join(", ")}, got "${wish}". Choose one or leave it out.`);
}

function checkThreads(threads: number | undefined): void {
  if (threads === undefined || (Number.isInteger(threads) && threads >= 1)) return;
  throw new Error(`useEngine(threads): expected a whole number of at least 1, got ${threads}. Leave it out for one per core.`);
}
