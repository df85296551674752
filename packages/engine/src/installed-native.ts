import { existsSync } from "node:fs";
import { looksIntact } from "./cached-folder.ts";
import { type NativeFolders, nativeFolders } from "./native-folders.ts";
import { hasNvidiaDriver } from "./processor.ts";

/**
 * The installation to use: the one for CUDA where there is an NVIDIA driver, else the one for CPU; its
 * `kernels` only where they are built. Throws with the remedy when there is none or files are missing.
 */
export function installedNative(cacheFolder?: string): NativeFolders {
  const candidates = [nativeFolders("cuda", cacheFolder), nativeFolders("cpu", cacheFolder)];
  if (!hasNvidiaDriver()) candidates.reverse();
  const intact = candidates.find(({ library, binding }) => looksIntact(library) && looksIntact(binding));
  if (intact) return { ...intact, kernels: intact.kernels && looksIntact(intact.kernels) ? intact.kernels : undefined };
  const begun = candidates.some(({ library }) => existsSync(library));
  throw new Error(`${begun ? "its files are incomplete or of another version" : "it is not installed"}. Run: npx flexivit engine install`);
}
