import { existsSync } from "node:fs";
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureFolder } from "./cached-folder.ts";
import { compileAddon } from "./compile-addon.ts";
import { fetchTensorflow, type Python } from "./fetch-tensorflow.ts";
import {
  type AddonSource,
  bindingAddons,
  defaultCacheFolder,
  kernelAddons,
  type NativeFolders,
  nativeFolders,
  tensorflowVersion,
} from "./native-folders.ts";
import type { StartedNative } from "./native-engine.ts";
import { firstThatRuns, runCommand } from "./run-command.ts";

export type InstallOptions = {
  /** Build for CUDA (NVIDIA's libraries come along, several gigabytes). */
  gpu?: boolean;
  onProgress?: (message: string) => void;
  cacheFolder?: string;
};

/** What came of an installation; `reason` and `remedy` are one line each. */
export type Installation =
  | ({ installed: true; folders: NativeFolders; seconds: number; warnings: string[] } & StartedNative)
  | { installed: false; reason: string; remedy: string; logFile?: string };
