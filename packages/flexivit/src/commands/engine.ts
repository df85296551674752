import { describeEngines, formatEngines, installNative, installWebgpu, verifyNative } from "@flexivit/engine";
import { installMpi } from "@flexivit/parallel";
import { Command, Option } from "commander";
import { counted, printResult, remark } from "./print.ts";

/** `flexivit engine`: which engine runs, why, and how to get a faster one. */
export function engineCommand(): Command {
  const engine = new Command("engine")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExamples:\n  flexivit engine\n  flexivit engine install\n  flexivit engine install --gpu\n  flexivit engine install --webgpu\n  flexivit engine install --mpi\n  flexivit engine verify")
    .action(async (flags: { json?: boolean }) => {
      const report = await describeEngines();
      printResult(flags.json, report, () => formatEngines(report));
    });
  engine
    .command("install")
    .description("Build the native engine from source, once per user; needs pip and a C++ compiler")
    .addOption(new Option("--gpu", "for NVIDIA GPUs (CUDA); several gigabytes").conflicts(["webgpu", "mpi"]))
    .addOption(new Option("--webgpu", "WebGPU instead, with a graphics driver in software; needs npm only").conflicts("mpi"))
    .option("--mpi", "Open MPI instead, for training on several ranks; needs pip only")
    .addHelpText("after", "\nExample:\n  flexivit engine install --gpu")
    .action(install);
  engine
    .command("verify")
    .description("Read every byte of the installed native engine again")
    .addHelpText("after", "\nExample:\n  flexivit engine verify")
    .action(verify);
  return engine;
}

async function verify(): Promise<void> {
  const folders = await verifyNative();
  const damaged = folders.flatMap(({ folder, damaged }) => damaged.map((file) => `${folder}/${file}`));
  if (folders.length === 0) throw new Error("The native engine is not installed. Run: flexivit engine install");
  if (damaged.length > 0) throw new Error(`Damaged: ${damaged.join(", ")}. Run: flexivit engine install`);
  printResult(false, folders, () => `All files of the native engine are sound (${counted(folders.length, "folder")}).`);
}

async function install(flags: { gpu?: boolean; webgpu?: boolean; mpi?: boolean }): Promise<void> {
  if (flags.mpi) return fetchMpi();
  if (flags.webgpu) return fetchWebgpu();
  const result = await installNative({ gpu: flags.gpu, onProgress: remark });
  if (!result.installed) throw new Error(`The native engine is not installed: ${result.reason}. ${result.remedy}.`);
  for (const warning of result.warnings) remark(`warning: ${warning}`);
  const { version, device, threads, kernels } = result;
  printResult(false, result, () => `The native engine is ready: TensorFlow ${version} on ${device}, ${counted(threads, "thread")}, ${kernels} kernels.`);
}

async function fetchMpi(): Promise<void> {
  const result = await installMpi(remark);
  if (!result.installed) throw new Error(`Open MPI is not installed: ${result.reason}. ${result.remedy}.`);
  printResult(false, result, () => `Open MPI is ready: flexivit train --ranks 2, or ${result.mpirun} itself.`);
}

async function fetchWebgpu(): Promise<void> {
  const result = await installWebgpu({ onProgress: remark });
  if (!result.installed) throw new Error(`WebGPU is not installed: ${result.reason}. ${result.remedy}.`);
  printResult(false, result, () => `WebGPU is ready (${result.note}). It runs where FLEXIVIT_ENGINE=webgpu asks for it.`);
}
