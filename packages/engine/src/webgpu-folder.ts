import { join } from "node:path";
import { looksIntact } from "./cached-folder.ts";
import { defaultCacheFolder } from "./native-folders.ts";

/** An npm package at one version, and the SHA-512 of its archive in base64. */
export type PinnedPackage = { spec: string; sha512: string };

/** The npm packages that WebGPU in Node is made of, with the versions that were tested together. */
export const webgpuPackages: Readonly<Record<"dawn" | "backend" | "driver", PinnedPackage>> = {
  /** Dawn, Chromium's implementation of WebGPU, as an addon for Node. */
  dawn: { spec: "webgpu@0.6.2", sha512: "3L4GfmqJLvYUIEWJngEQY+2HQiUlAFkg8+P8NDDj3Xx5hHHIFO/r8JW+ynfqBj7kHN4mbnwO74uB+lrRtLhp4Q==" },
  /** The TensorFlow.js backend. */
  backend: { spec: "@tensorflow/tfjs-backend-webgpu@4.22.0", sha512: "lvIc7Af4Tl2BCdYp43iQmSCRq3asaKT0q2xaErphXiUZ+jqeB0bQa0ZvQys1Xatvto0U4/c90DVsHPfvkn5ftg==" },
  /** Chromium for servers, of which only its Vulkan driver in software, SwiftShader, is kept. */
  driver: { spec: "@sparticuz/chromium@153.0.0", sha512: "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==" },
};

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

function versionOf({ spec }: PinnedPackage): string {
  return spec.slice(spec.lastIndexOf("@") + 1);
}
