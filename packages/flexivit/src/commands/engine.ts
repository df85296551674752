import { Command } from "commander";
import { describeEngines, formatEngines, installNative, verifyNative } from "@flexivit/engine";
import { printResult, remark } from "./print.ts";

/** `flexivit engine`: which engine runs, why, and how to get a faster one. */
export function engineCommand(): Command {
  const engine = new Command("engine")
    .description("Show which engine runs and why; `engine install` builds the native one")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExamples:\n  flexivit engine\n  flexivit engine install\n  flexivit engine install --gpu\n  flexivit engine verify")
    .action(async (flags: { json?: boolean }) => {
      const report = await describeEngines();
      printResult(flags.json, report, () => formatEngines(report));
    });
  engine
    .command("install")
    .description("Build the native engine from source, once per user; needs pip and a C++ compiler")
    .option("--gpu", "for NVIDIA GPUs (CUDA); several gigabytes")
    .action(install);
  engine.command("verify").description("Read every byte of the installed native engine again").action(verify);
  return engine;
}

async function verify(): Promise<void> {
  const folders = await verifyNative();
  const damaged = folders.flatMap(({ folder, damaged }) => damaged.map((file) => `${folder}/${file}`));
  if (folders.length === 0) remark("The native engine is not installed. Run: flexivit engine install");
  else if (damaged.length === 0) remark(`All files of the native engine are sound (${folders.length} folders).`);
  else remark(`Damaged: ${damaged.join(", ")}. Run: flexivit engine install`);
  if (damaged.length > 0) process.exitCode = 1;
}

async function install(flags: { gpu?: boolean }): Promise<void> {
  const result = await installNative({ gpu: flags.gpu, onProgress: remark });
  if (!result.installed) {
    remark(`The native engine is not installed: ${result.reason}. ${result.remedy}.`);
    process.exitCode = 1;
    return;
  }
  for (const warning of result.warnings) remark(warning);
  remark(`The native engine is ready: TensorFlow ${result.version} on ${result.device}, ${result.threads} threads, ${result.kernels} kernels.`);
}
