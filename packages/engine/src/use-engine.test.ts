import * as tf from "@tensorflow/tfjs-core";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { describeEngines } from "./describe-engines.ts";
import { runCommand } from "./run-command.ts";
import { type EngineName, useEngine } from "./use-engine.ts";

const name = process.env["FLEXIVIT_ENGINE"] as EngineName;
const native = (await describeEngines()).find((engine) => engine.name === "native");

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("in this process", () => {
  test("two calls give the same engine, and it is the one asked for", async () => {
    const first = await useEngine();
    expect(await useEngine()).toBe(first);
    expect(await useEngine({ prefer: name })).toBe(first);
    expect([first.name, first.backend]).toEqual([name, name === "native" ? "tensorflow" : name]);
    expect(tf.getBackend()).toBe(first.backend);
  });

  test("operations and gradients answer: d/dx sum(x^3) = 3 x^2", async () => {
    await useEngine();
    const x = tf.tensor1d([-1, 0.5, 2]);
    const gradient = tf.grad((x) => tf.sum(tf.mul(x, tf.square(x))))(x);
    expect([...gradient.dataSync()]).toEqual([3, 0.75, 12]); // all exact in float32
    tf.dispose([x, gradient]);
  });

  test("it makes no tensors", async () => {
    await useEngine();
    const before = tf.memory().numTensors;
    await useEngine();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("another engine can be asked for, and the first again", async () => {
    const first = await useEngine();
    vi.stubEnv("FLEXIVIT_ENGINE", "");
    expect(await useEngine({ prefer: "cpu" })).toMatchObject({ name: "cpu", backend: "cpu", threads: 1, why: "asked for" });
    expect(tf.getBackend()).toBe("cpu");
    expect(await useEngine()).toMatchObject({ name: "cpu" });
    expect(await useEngine({ prefer: first.name })).toBe(first);
    expect(tf.getBackend()).toBe(first.backend);
  });

  test("an unknown engine is refused with the known ones", async () => {
    vi.stubEnv("FLEXIVIT_ENGINE", "");
    const unknown = useEngine({ prefer: "webgl" as EngineName });
    await expect(unknown).rejects.toThrow(
      new Error('useEngine(prefer): expected one of native, webgpu, wasm, cpu, got "webgl". Choose one or leave it out.'),
    );
    vi.stubEnv("FLEXIVIT_ENGINE", "gpu");
    await expect(useEngine()).rejects.toThrow(
      new Error('useEngine(FLEXIVIT_ENGINE): expected one of native, webgpu, wasm, cpu, got "gpu". Choose one or leave it out.'),
    );
  });

  test("a number of threads that can't be, or comes too late, is refused", async () => {
    await expect(useEngine({ threads: 0.5 })).rejects.toThrow(
      new Error("useEngine(threads): expected a whole number of at least 1, got 0.5. Leave it out for one per core."),
    );
    const { threads } = await useEngine();
    const late = `useEngine(threads): expected ${threads}, with which ${name} already runs, got 77. Ask for threads in the first call.`;
    await expect(useEngine({ threads: 77 })).rejects.toThrow(new Error(late));
  });
});

/** What `useEngine` gives in a fresh process, as JSON. */
function freshEngine(options: string, env: Record<string, string>): Promise<Record<string, unknown>> {
  return inFreshProcess(`print(await useEngine(${options}).catch((error) => ({ error: error.message })))`, env);
}

/** What a program prints. */
async function inFreshProcess(lines: string, env: Record<string, string>): Promise<Record<string, unknown>> {
  const entry = fileURLToPath(new URL("./index.ts", import.meta.url));
  const program = `import { readFileSync } from "node:fs";
    import * as tf from "@tensorflow/tfjs-core";
    import { useEngine } from ${JSON.stringify(entry)};
    const print = (value) => console.log(JSON.stringify(value));
    const residentFileBytes = () => 1024 * /RssFile:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
    ${lines};`;
  const printed = await runCommand(process.execPath, ["--input-type=module", "-e", program], { timeoutMs: 50_000, env });
  return JSON.parse(printed) as Record<string, unknown>;
}

describe("in a fresh process", () => {
  test("on a machine without the native engine WebAssembly runs, and `why` says how to get the faster one", async () => {
    const empty = await mkdtemp(join(tmpdir(), "flexivit-empty-"));
    const why = "the fastest here; native skipped: it is not installed. Run: npx flexivit engine install";
    expect(await freshEngine("", { XDG_CACHE_HOME: empty, FLEXIVIT_ENGINE: "" })).toEqual({
      name: "wasm",
      backend: "wasm",
      device: "cpu",
      version: "4.22.0",
      threads: 1,
      kernels: "composed",
      why,
    });
  });

  test("asked for there, the native engine is an error with its remedy", async () => {
    const empty = await mkdtemp(join(tmpdir(), "flexivit-empty-"));
    const error =
      'useEngine(prefer): expected an engine that starts here, got "native": it is not installed. Run: npx flexivit engine install';
    expect(await freshEngine("{ prefer: 'native' }", { XDG_CACHE_HOME: empty, FLEXIVIT_ENGINE: "" })).toEqual({ error });
    expect(await freshEngine("{ prefer: 'wasm' }", { XDG_CACHE_HOME: empty, FLEXIVIT_ENGINE: "native" })).toEqual({ error });
  });

  test("so is WebGPU", async () => {
    const empty = await mkdtemp(join(tmpdir(), "flexivit-empty-"));
    const error =
      'useEngine(prefer): expected an engine that starts here, got "webgpu": it is not installed. Run: npx flexivit engine install --webgpu';
    expect(await freshEngine("{ prefer: 'webgpu' }", { XDG_CACHE_HOME: empty, FLEXIVIT_ENGINE: "" })).toEqual({ error });
  });

  test("the plain JavaScript engine starts when asked for", async () => {
    expect(await freshEngine("", { FLEXIVIT_ENGINE: "cpu" })).toMatchObject({ name: "cpu", why: "asked for" });
  });

  test.skipIf(!native?.available)("the native engine is preferred and takes the number of threads", async () => {
    const engine = await freshEngine("{ threads: 1 }", { FLEXIVIT_ENGINE: "" });
    expect(engine).toMatchObject({ name: "native", backend: "tensorflow", version: "2.21.0", threads: 1 });
  });

  test.skipIf(!native?.available)("of the 300 MB of library files that the start of TensorFlow reads, under 100 MB stay resident", async () => {
    const { files } = await inFreshProcess("await useEngine(); print({ files: residentFileBytes() })", { FLEXIVIT_ENGINE: "native" });
    expect(files).toBeGreaterThan(10e6); // Node itself, so that an unreadable number can't pass
    expect(files).toBeLessThan(100e6);
  });

  test.skipIf(!native?.available)("the memory of a tensor of 16 MB serves two of 8 MB and then one of 16 MB again, 10 times, no page of 80,000 taken afresh", async () => {
    const program = `await useEngine();
      const large = () => tf.dispose(tf.fill([4096, 1024], 3));
      const small = () => tf.dispose([tf.fill([2048, 1024], 4), tf.fill([2048, 1024], 5)]);
      large();
      const before = process.resourceUsage().minorPageFault;
      for (let i = 0; i < 10; i++) { small(); large(); }
      print({ faults: process.resourceUsage().minorPageFault - before })`;
    const { faults } = await inFreshProcess(program, { FLEXIVIT_ENGINE: "native" });
    expect(faults).toBeLessThan(2000);
  });

  test.skipIf(!native?.available)("of 100 tensors of 4 MB every second goes, and a new one of 200 MB takes their memory, not 200 MB more", async () => {
    const program = `await useEngine();
      const start = process.memoryUsage.rss();
      const tensors = Array.from({ length: 100 }, (_, i) => tf.fill([1024, 1024], i));
      tf.dispose(tensors.filter((_, i) => i % 2 === 0));
      tf.fill([50, 1024, 1024], 5);
      print({ held: process.memoryUsage.rss() - start, peak: process.resourceUsage().maxRSS * 1024 - start })`;
    const { held, peak } = await inFreshProcess(program, { FLEXIVIT_ENGINE: "native" });
    expect(held).toBeGreaterThan(400e6);
    expect(peak).toBeLessThan(520e6); // 420 MB are in use, 32 MB may be kept beside, the rest is the process's own
  });
});
