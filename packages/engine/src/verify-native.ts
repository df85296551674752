import { existsSync } from "node:fs";
import { damagedFiles } from "./cached-folder.ts";
import { defaultCacheFolder, nativeFolders } from "./native-folders.ts";

/** Reads every byte of the native engine's files and gives those that are missing or changed, per folder that exists. */
export async function verifyNative(cacheFolder: string = defaultCacheFolder()): Promise<{ folder: string; damaged: string[] }[]> {
  const cpu = nativeFolders("cpu", cacheFolder);
  const cuda = nativeFolders("cuda", cacheFolder);
  const folders = [cpu, cuda].flatMap(({ library, binding, kernels }) => [library, binding, ...(kernels ? [kernels] : [])]);
  const existing = folders.filter((folder) => existsSync(folder));
  return Promise.all(existing.map(async (folder) => ({ folder, damaged: await damagedFiles(folder) })));
}
