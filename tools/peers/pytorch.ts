import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, runProgram } from "../run-program.ts";

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "flexivit", "peers");
const hour = 3_600_000;

/**
 * Installs PyTorch and timm for the CPU into the per-user cache and gives their folder, for PYTHONPATH.
 *
 * On Linux the PyPI wheel of PyTorch is built for CUDA. Its 3 GB of CUDA libraries are left out and
 * replaced by stand-ins (stand_ins.py); where that can't be done they are installed after all.
 */
export async function installPyTorch(): Promise<string> {
  const wanted = ["requirements.txt", "dependencies.txt", "stand_ins.py"].map((file) => readFileSync(join(here, file)));
  const python = (await must("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])).stdout.trim();
  const key = createHash("sha256").update(Buffer.concat(wanted)).update(python).digest("hex").slice(0, 12);
  const folder = join(cache, `pytorch-${key}`);
  if (existsSync(folder)) return folder;

  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(partial, { recursive: true });
  try {
    console.log("installing PyTorch and timm (about 600 MB) ...");
    await pip(partial, "--no-deps", "-r", join(here, "requirements.txt"));
    await pip(partial, "-r", join(here, "dependencies.txt"));
    if (!(await answers(partial))) await completeForCuda(partial);
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

/** Runs a Python program of this folder with the packages of `folder`. */
export function runPython(folder: string, args: string[]): Promise<Finished> {
  const env = { PYTHONPATH: folder, PYTHONNOUSERSITE: "1", PYTHONWARNINGS: "ignore" };
  return runProgram("python3", args, { cwd: here, env, timeoutMs: hour });
}

async function completeForCuda(folder: string): Promise<void> {
  const { code, output } = await runPython(folder, ["stand_ins.py", join(folder, "torch", "lib")]);
  console.log(output.trim());
  if (code === 0 && (await answers(folder))) return;
  console.log("the stand-ins don't do: installing the CUDA libraries (about 3 GB) ...");
  await pip(folder, "--upgrade", "-r", join(here, "requirements.txt"));
  if (!(await answers(folder))) throw new Error("installPyTorch(): expected PyTorch to start, it does not. See `python3 -c 'import torch'`.");
}

async function answers(folder: string): Promise<boolean> {
  return (await runPython(folder, ["-c", "import timm, torch; torch.ones(2) @ torch.ones(2)"])).code === 0;
}

function pip(folder: string, ...args: string[]): Promise<Finished> {
  return must("python3", ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, ...args]);
}

async function must(command: string, args: string[]): Promise<Finished> {
  const finished = await runProgram(command, args, { timeoutMs: hour });
  if (finished.code !== 0) throw new Error(`installPyTorch(): expected \`${command} ${args.slice(0, 3).join(" ")} ...\` to succeed:\n${finished.output}`);
  return finished;
}
