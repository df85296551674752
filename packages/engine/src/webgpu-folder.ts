import { join } from "node:path";
import { looksIntact } from "./cached-folder.ts";
import { defaultCacheFolder } from "./native-folders.ts";

/** The npm packages that WebGPU in Node is made of, with the versions that were tested together. */
export const webgpuPackages = {
  /** Dawn, Chromium's implementation of WebGPU, as an addon for Node. */
  dawn: "webgpu@0.6.2",
  /** The TensorFlow.js backend. */
  backend: "@tensorflow/tfjs-backend-webgpu@4.22.0",
  /** Chromium for servers, of which only its Vulkan driver in software, SwiftShader, is kept. */
  driver: "@sparticuz/chromium@153.0.0",
} as const;

/** Of the backend, as `Engine` reports it. */
export const webgpuVersion: string = versionOf(webgpuPackages.backend);

/** Where the WebGPU engine lies in the cache, whether it has been fetched or not; the name holds the versions. */
export function webgpuFolder(cacheFolder: string = defaultCacheFolder()): string {
  const versions = [webgpuPackages.dawn, webgpuPackages.backend, webgpuPackages.driver].map(versionOf).join("-");
  return join(cacheFolder, `webgpu-${versions}-${process.platform}-${process.arch}`);
}

/** The WebGPU engine to use. Throws with the remedy when there is none or files are missing. */
export function installedWebgpu(cacheFolder?: string): string {
  const folder = webgpuFolder(cacheFolder);
  if (looksIntact(folder)) return folder;
  throw new Error("it is not installed. Run: npx flexivit engine install --webgpu");
}

function versionOf(npmPackage: string): string {
  return npmPackage.slice(npmPackage.lastIndexOf("@") + 1);
}
