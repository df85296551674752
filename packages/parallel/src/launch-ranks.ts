import { spawn } from "node:child_process";
import { findMpi, type Mpi } from "./mpi-folders.ts";

/**
 * What Open MPI reads from the environment (4 under OMPI_, 5 under PRTE_): more ranks than cores may run, ranks are
 * not tied to cores, since each has threads, one that waits leaves its core to others, and root may start them, as in a
 * container. What the user has set stays.
 */
const settings = {
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  OMPI_MCA_hwloc_base_binding_policy: "none",
  OMPI_MCA_mpi_yield_when_idle: "1",
  PRTE_MCA_rmaps_default_mapping_policy: ":oversubscribe",
  PRTE_MCA_hwloc_default_binding_policy: "none",
};

/**
 * Runs a program as `ranks` processes of this machine under `mpirun` and gives the job's exit code: 0, or that of
 * the first rank that failed, after which Open MPI ends the others.
 *
 * Ctrl-C and SIGTERM reach every rank as SIGUSR2, which mpirun passes on: they can save before they leave. A second
 * one ends the job at once.
 *
 * @param command the program and its arguments
 * @throws where no Open MPI is found.
 */
export async function launchRanks(ranks: number, command: readonly string[], { mpirun }: Mpi = requireMpi()): Promise<number> {
  // A process group of its own: a terminal's Ctrl-C would make mpirun end the ranks at once.
  const child = spawn(mpirun, ["-n", String(ranks), ...command], { stdio: "inherit", detached: true, env: { ...settings, ...process.env } });
  let stopping = false;
  const stop = (): void => {
    child.kill(stopping ? "SIGTERM" : "SIGUSR2");
    stopping = true;
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, stop);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, stop);
  }
}

function requireMpi(): Mpi {
  const mpi = findMpi();
  if (mpi) return mpi;
  throw new Error("launchRanks(mpirun): expected Open MPI, got none. Run: npx flexivit engine install --mpi (or apt-get install openmpi-bin)");
}
