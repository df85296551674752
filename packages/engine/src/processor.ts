import { existsSync, readFileSync } from "node:fs";
import { arch, availableParallelism } from "node:os";

/** Model and instruction sets of the processor, as one string (Linux; elsewhere only the architecture). */
export function processorFlags(): string {
  const file = "/proc/cpuinfo";
  if (!existsSync(file)) return arch();
  const lines = readFileSync(file, "utf8").split("\n\n")[0]?.split("\n") ?? [];
  return lines.filter((line) => /^(model name|flags|Features|CPU part)\b/.test(line)).join("\n");
}

/** Threads for the work of one operation when the caller asks for none: one per core this process may use. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** Whether an NVIDIA driver is loaded. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg");
}
