import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { bindingAddons, defaultCacheFolder, kernelAddons, nativeFolders } from "./native-folders.ts";
import { processorFlags } from "./processor.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("the cache lies in XDG_CACHE_HOME, else in .cache of the home folder", () => {
  vi.stubEnv("XDG_CACHE_HOME", "/somewhere");
  expect(defaultCacheFolder()).toBe("/somewhere/flexivit/engine");
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.stubEnv("HOME", "/home/me");
  expect(defaultCacheFolder()).toBe("/home/me/.cache/flexivit/engine");
});

test("names carry version, device and machine, and 16 digits of what they are made from", () => {
  const { library, binding } = nativeFolders("cpu", "/cache");
  expect(library).toBe(`/cache/tensorflow-2.21.0-cpu-${process.platform}-${process.arch}`);
  expect(binding).toMatch(/^\/cache\/binding-cpu-[0-9a-f]{16}$/);
  expect(nativeFolders("cpu", "/cache")).toEqual(nativeFolders("cpu", "/cache"));
});

test("a build for CUDA shares no folder with one for CPU", () => {
  const cpu = nativeFolders("cpu", "/cache");
  const cuda = nativeFolders("cuda", "/cache");
  expect(new Set([cpu.library, cpu.binding, cpu.kernels, cuda.library, cuda.binding, cuda.kernels]).size).toBe(6);
  expect(cuda.binding.slice(-16)).not.toBe(cpu.binding.slice(-16));
});

test("the addons are tfjs-node-gpu's two sources and ours; the kernels are compiled for this processor", () => {
  const [setup, binding] = bindingAddons();
  expect(setup?.sources.map((file) => file.split("/").at(-1))).toEqual(["block_cache.cc", "process_setup.cc"]);
  expect(binding?.sources.map((file) => file.split("/").at(-1))).toEqual(["tfjs_backend.cc", "tfjs_binding.cc"]);
  expect(binding?.hashed.filter((file) => file.endsWith(".h"))).toHaveLength(6);
  expect(binding?.flags).not.toContain("-march=native");
  expect(kernelAddons()[0]?.flags).toContain("-march=native");
  expect(kernelAddons()[0]?.sources[0]).toContain(join("engine", "kernels"));
});

test.runIf(process.platform === "linux")("the processor is described once, not once per core", () => {
  const lines = processorFlags().split("\n");
  expect(lines.filter((line) => /^(flags|Features)\b/.test(line))).toHaveLength(1);
});
