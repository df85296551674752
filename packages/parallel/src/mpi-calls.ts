import { libraryOfJob } from "./mpi-folders.ts";

/** MPI's functions as promises and plain calls; numbers and bytes are worked on in place. */
export type MpiCalls = {
  rank: number;
  size: number;
  sum(values: Float32Array): Promise<void>;
  broadcast(bytes: Uint8Array, from: number): Promise<void>;
  barrier(): Promise<void>;
  finalize(): void;
  abort(exitCode: number): void;
};

/** From mpi.h: any thread may call, and results may replace what is sent. */
const threadMultiple = 3;
const inPlace = 1n;

type Call = (...values: unknown[]) => number;
type ForeignFunction = Call & { async: (...values: unknown[]) => void };

/**
 * Loads Open MPI and joins the job that this process was started in. Collective calls run in threads of their own:
 * the event loop stays alive.
 *
 * @throws where koffi or the library is missing, or the library is not the launcher's.
 */
export async function startMpi(library: string = libraryOfJob()): Promise<MpiCalls> {
  const { load } = await import("koffi").catch(() => {
    throw new Error("startMpi(koffi): expected the package koffi, got none. Run: npm install koffi");
  });
  const mpi = loadLibrary(load, library);
  const find = (name: string, parameters: string[]): ForeignFunction => mpi.func(name, "int", parameters) as unknown as ForeignFunction;
  const provided = new Int32Array(1);
  check("MPI_Init_thread", find("MPI_Init_thread", ["void*", "void*", "int", "void*"])(null, null, threadMultiple, provided));
  if (provided[0] < threadMultiple) throw new Error(`startMpi(library): expected an MPI with threads, got level ${provided[0]} from ${library}. Use Open MPI 4 or newer.`);
  const [world, float, byte, add] = ["ompi_mpi_comm_world", "ompi_mpi_float", "ompi_mpi_byte", "ompi_mpi_op_sum"].map((name) => mpi.symbol(name) as unknown);
  const [allreduce, bcast] = [find("MPI_Allreduce", ["void*", "void*", "int", "void*", "void*", "void*"]), find("MPI_Bcast", ["void*", "int", "void*", "int", "void*"])];
  const [barrier, finalize, abort] = [find("MPI_Barrier", ["void*"]), find("MPI_Finalize", []), find("MPI_Abort", ["void*", "int"])];
  const ask = (name: string): number => {
    const answer = new Int32Array(1);
    check(name, find(name, ["void*", "void*"])(world, answer));
    return answer[0];
  };
  return {
    rank: ask("MPI_Comm_rank"),
    size: ask("MPI_Comm_size"),
    sum: (values) => later("MPI_Allreduce", allreduce, inPlace, values, values.length, float, add, world),
    broadcast: (bytes, from) => later("MPI_Bcast", bcast, bytes, bytes.length, byte, from, world),
    barrier: () => later("MPI_Barrier", barrier, world),
    finalize: () => check("MPI_Finalize", finalize()),
    abort: (exitCode) => void abort(world, exitCode),
  };
}

function loadLibrary(load: typeof import("koffi").load, library: string): import("koffi").LibraryHandle {
  try {
    return load(library, { lazy: true, global: true }); // global: Open MPI's plug-ins look for its symbols
  } catch (error) {
    throw new Error(`startMpi(library): expected Open MPI's ${library}, got: ${(error as Error).message}. Start the ranks with the mpirun of the installed Open MPI.`, { cause: error });
  }
}

/** Runs a call in a thread; the values stay referenced until it is done. */
function later(name: string, call: ForeignFunction, ...values: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...values, (error: Error | null, code: number) => {
      try {
        if (error) throw error;
        check(name, code);
        resolve();
      } catch (problem) {
        reject(problem as Error);
      }
    });
  });
}

function check(name: string, code: number): void {
  if (code !== 0) throw new Error(`${name}: expected code 0, got ${code}. See what mpirun printed.`);
}
