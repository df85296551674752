import * as tf from "@tensorflow/tfjs-core";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import { registerGradients } from "./gradients.ts";
import type { Started } from "./use-engine.ts";
import { registerSafeAddN } from "./webgpu-add-n.ts";
import { throwDeviceErrors } from "./webgpu-errors.ts";
import { installedWebgpu, webgpuVersion } from "./webgpu-folder.ts";
import { type GpuBuffer, type GpuDevice, readInNode, rememberImmediates, rememberMaps, type WebgpuBackend } from "./webgpu-read.ts";

const require = createRequire(import.meta.url);
const backendName = "webgpu";

type AdapterInfo = { description: string; device: string; isFallbackAdapter: boolean };
type Adapter = {
  info: AdapterInfo;
  limits: { [name: string]: number };
  features: Set<string>;
  requestDevice(settings: { requiredLimits: { [name: string]: number }; requiredFeatures: string[] }): Promise<GpuDevice>;
};
type Dawn = {
  create(flags: string[]): { requestAdapter(options: { powerPreference: "high-performance" }): Promise<Adapter | null> };
  globals: { GPUBuffer: { prototype: GpuBuffer } };
};

/** Starts the WebGPU engine that is installed. */
export async function startInstalledWebgpu(): Promise<Started> {
  return startWebgpu(installedWebgpu());
}

/**
 * Loads Dawn and the TensorFlow.js backend from `folder` and registers it as the backend `webgpu`, on the fastest
 * device that a driver of this system offers, else on the driver in software that lies in `folder`.
 */
export async function startWebgpu(folder: string): Promise<Started> {
  addSoftwareDriver(folder);
  const { create, globals } = require(join(folder, "dawn.node")) as Dawn;
  Object.assign(globalThis, globals);
  rememberMaps(globals.GPUBuffer.prototype);
  const gpu = create([]);
  const adapter = await rememberImmediates(() => gpu.requestAdapter({ powerPreference: "high-performance" }));
  if (!adapter) throw new Error("no graphics driver answers. Install a Vulkan driver of version 1.1 or newer");
  const requiredFeatures = ["timestamp-query"].filter((feature) => adapter.features.has(feature)); // for tf.time
  const device = await rememberImmediates(() => adapter.requestDevice({ requiredLimits: limitsOf(adapter), requiredFeatures }));
  registerGradients();
  tf.registerBackend(backendName, () => backendOn(device, adapter.info, folder), 3);
  await tf.setBackend(backendName);
  registerSafeAddN();
  const { isFallbackAdapter: software, description, device: name } = adapter.info;
  const note = `on ${description || name}${software ? ", a driver in software: right, and slow" : ""}`;
  return { backend: backendName, device: software ? "cpu" : "gpu", version: webgpuVersion, threads: 1, kernels: "composed", note };
}

/** The loader of Vulkan drivers, which Dawn finds beside itself, offers this one beside those of the system. */
function addSoftwareDriver(folder: string): void {
  const driver = join(folder, "vk_swiftshader_icd.json");
  if (existsSync(driver)) process.env["VK_ADD_DRIVER_FILES"] ??= driver;
}

/** What the backend asks of a device where it makes one itself: the most of each that the adapter has. */
function limitsOf({ limits }: Adapter): { [name: string]: number } {
  const names = [
    "maxComputeWorkgroupStorageSize",
    "maxComputeWorkgroupsPerDimension",
    "maxStorageBufferBindingSize",
    "maxBufferSize",
    "maxComputeWorkgroupSizeX",
    "maxComputeInvocationsPerWorkgroup",
  ];
  return Object.fromEntries(names.map((name) => [name, limits[name]!]));
}

/** The backend refuses to be made where a browser's `navigator.gpu` is missing, and needs no more of it than that. */
function backendOn(device: GpuDevice, info: AdapterInfo, folder: string): WebgpuBackend {
  const { WebGPUBackend: Backend } = loadBackend(join(folder, "tf-backend-webgpu.node.js"));
  const { navigator } = globalThis as { navigator: { gpu?: object } };
  const gpu = navigator.gpu;
  navigator.gpu ??= {};
  try {
    const backend = new Backend(device, info);
    readInNode(backend);
    throwDeviceErrors(backend);
    return backend;
  } finally {
    if (!gpu) delete navigator.gpu;
  }
}

type BackendModule = { WebGPUBackend: new (device: GpuDevice, info: AdapterInfo) => WebgpuBackend };

/** Runs the backend's file with our own `require`, so that it registers its kernels with the tfjs-core in use here. */
function loadBackend(filename: string): BackendModule {
  const module = { exports: {} as BackendModule };
  const run = compileFunction(readFileSync(filename, "utf8"), ["module", "exports", "require"], { filename });
  run(module, module.exports, require);
  return module.exports;
}
