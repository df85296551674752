import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** The Open MPI that `installMpi` fetches. */
export const openMpiVersion = "5.0.11";

/** One installation of Open MPI: its launcher and its library. */
export type Mpi = { mpirun: string; library: string };

/** Where `installMpi` puts Open MPI: `$XDG_CACHE_HOME/flexivit/mpi/...`, else below `~/.cache`. */
export function mpiFolder(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "flexivit", "mpi", `openmpi-${openMpiVersion}-${process.platform}-${process.arch}`);
}

/** The installation in the per-user cache, whether it is there or not. */
export function cachedMpi(): Mpi {
  const prefix = join(mpiFolder(), `openmpi-${openMpiVersion}.data`, "data");
  return { mpirun: join(prefix, "bin", "mpirun"), library: join(prefix, "lib", libraryName) };
}

/** The interface that Open MPI 1.10 to 5 have in common. */
const libraryName = "libmpi.so.40";

/** Open MPI to start ranks with: the `mpirun` of the PATH, else the one in the per-user cache, else nothing. */
export function findMpi(): Mpi | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const mpirun = folders.map((folder) => join(folder, "mpirun")).find((file) => existsSync(file));
  const library = mpirun && libraryBeside(dirname(dirname(realpathSync(mpirun))));
  if (mpirun && library) return { mpirun, library };
  const cached = cachedMpi();
  return existsSync(cached.mpirun) && existsSync(cached.library) ? cached : undefined;
}

/**
 * The library for a process that `mpirun` has started, which must be the launcher's own: Open MPI 5 names its folder;
 * otherwise the system's loader finds it.
 */
export function libraryOfJob(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment["OMPI_LIBDIR_LOC"] && join(environment["OMPI_LIBDIR_LOC"], libraryName);
  if (named && existsSync(named)) return named;
  return (environment["OPAL_PREFIX"] && libraryBeside(environment["OPAL_PREFIX"])) || libraryName;
}

/** `lib/libmpi.so.40` of an installation; Debian has it in `lib/x86_64-linux-gnu`, others in `lib64`. */
function libraryBeside(prefix: string): string | undefined {
  const lib = join(prefix, "lib");
  const nested = existsSync(lib) ? readdirSync(lib).filter((name) => name.endsWith("-linux-gnu")).map((name) => join(lib, name)) : [];
  const folders = [lib, join(prefix, "lib64"), ...nested];
  return folders.map((folder) => join(folder, libraryName)).find((file) => existsSync(file));
}
