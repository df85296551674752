import { mkdtemp, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ensureFolder } from "./cached-folder.ts";
import { describeEngines, type EngineReport, formatEngines } from "./describe-engines.ts";
import { webgpuFolder } from "./webgpu-folder.ts";

beforeEach(() => {
  vi.stubEnv("FLEXIVIT_ENGINE", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const native: EngineReport = {
  name: "native",
  available: true,
  chosen: true,
  version: "2.21.0",
  threads: 6,
  detail: "TensorFlow for cpu, composed kernels",
  remedy: "npx flexivit engine install (builds the fused kernels)",
  folder: "/cache",
};
const wasm: EngineReport = { name: "wasm", available: true, chosen: false, version: "4.22.0", threads: 1, detail: "WebAssembly with SIMD" };

test("an empty cache leaves WebAssembly, and native says how to get it", async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "flexivit-empty-")));
  const [native, webgpu, wasm, cpu] = await describeEngines();
  expect(native).toEqual({
    name: "native",
    available: false,
    chosen: false,
    version: "2.21.0",
    threads: availableParallelism(),
    detail: "it is not installed",
    remedy: "npx flexivit engine install (needs python3-pip and g++)",
    folder: join(process.env["XDG_CACHE_HOME"] ?? "", "flexivit", "engine"),
  });
  expect(webgpu).toEqual({
    name: "webgpu",
    available: false,
    chosen: false,
    version: "4.22.0",
    threads: 1,
    detail: "graphics card through WebGPU; runs only where asked for; not installed",
    remedy: "npx flexivit engine install --webgpu (needs npm)",
    folder: join(process.env["XDG_CACHE_HOME"] ?? "", "flexivit", "engine", `webgpu-0.6.2-4.22.0-153.0.0-${process.platform}-${process.arch}`),
  });
  expect(wasm).toEqual({ ...wasm, name: "wasm", available: true, chosen: true, version: "4.22.0", threads: 1 });
  expect(cpu).toEqual({ ...cpu, name: "cpu", available: true, chosen: false, version: "4.22.0", threads: 1 });
});

test("WebGPU that is there is chosen only by FLEXIVIT_ENGINE", async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "flexivit-webgpu-")));
  await ensureFolder(webgpuFolder(), {}, (folder) => writeFile(join(folder, "dawn.node"), ""));
  const chosen = async () => (await describeEngines()).filter(({ chosen }) => chosen).map(({ name }) => name);
  expect(await chosen()).toEqual(["wasm"]);
  vi.stubEnv("FLEXIVIT_ENGINE", "webgpu");
  expect(await chosen()).toEqual(["webgpu"]);
});

test("FLEXIVIT_ENGINE decides which one is chosen, none where that one can't run", async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "flexivit-empty-")));
  vi.stubEnv("FLEXIVIT_ENGINE", "cpu");
  expect((await describeEngines()).map(({ chosen }) => chosen)).toEqual([false, false, false, true]);
  vi.stubEnv("FLEXIVIT_ENGINE", "native");
  expect((await describeEngines()).map(({ chosen }) => chosen)).toEqual([false, false, false, false]);
});

test("the table marks the chosen engine and ends with the reason", () => {
  expect(formatEngines([native, wasm])).toBe(
    [
      "* native  2.21.0   6 threads   TensorFlow for cpu, composed kernels",
      "            to get more: npx flexivit engine install (builds the fused kernels)",
      "            files: /cache",
      "  wasm    4.22.0   1 thread    WebAssembly with SIMD",
      "native runs: it is the fastest one here.",
    ].join("\n"),
  );
});

test("the table shows an engine that is not there with the way to get it", () => {
  vi.stubEnv("FLEXIVIT_ENGINE", "native");
  const missing = { ...native, available: false, chosen: false, detail: "it is not installed", remedy: "npx flexivit engine install" };
  expect(formatEngines([missing])).toBe(
    [
      "  native  -                    it is not installed",
      "            to get it: npx flexivit engine install",
      "FLEXIVIT_ENGINE asks for native, which can't run here.",
    ].join("\n"),
  );
});
