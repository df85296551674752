import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { arch, availableParallelism } from "node:os";

/** Model and instruction sets of the processor, as one string (Linux; elsewhere only the architecture). */
export function processorFlags(): string {
  const file = "/proc/cpuinfo";
  if (!existsSync(file)) return arch();
  const [firstCore = ""] = readStart(file, 16_384).split("\n\n");
  return firstCore.split("\n").filter((line) => /^(model name|flags|Features|CPU part)\b/.test(line)).join("\n");
}

/** Only the start: on machines with hundreds of cores the kernel takes long to write the whole file. */
function readStart(file: string, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const descriptor = openSync(file, "r");
  try {
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Threads for the work of one operation when the caller asks for none: one per core this process may use. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** Whether an NVIDIA driver is loaded. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg");
}
