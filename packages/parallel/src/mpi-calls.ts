import type { SumUnderWay } from "./communicator.ts";
import { check, later, openLibrary } from "./foreign-functions.ts";
import { libraryOfJob } from "./mpi-folders.ts";
import { inPlace, sumsUnderWay } from "./sums-under-way.ts";

/** MPI's functions as promises and plain calls; numbers and bytes are worked on in place. */
export type MpiCalls = {
  rank: number;
  size: number;
  sum(values: Float32Array): Promise<void>;
  beginSum(values: Float32Array): SumUnderWay;
  broadcast(bytes: Uint8Array, from: number): Promise<void>;
  barrier(): Promise<void>;
  finalize(): void;
  abort(exitCode: number): void;
};

/** From mpi.h: any thread may call. */
const threadMultiple = 3;

/**
 * Sums that are begun send least, 2 (n - 1) / n times the numbers, by Rabenseifner's algorithm. In place, Open MPI would take
 * a binomial tree, which sends all of them 2 log2(n) times. It is read at the start; what the user has set stays.
 */
const fewestBytes = { name: "OMPI_MCA_coll_libnbc_iallreduce_algorithm", value: "3" };

/**
 * Loads Open MPI and joins the job that this process was started in. Collective calls run in threads of their own, or
 * have begun when they return: the event loop stays alive.
 *
 * @throws where koffi or the library is missing, or the library is not the launcher's.
 */
export async function startMpi(library: string = libraryOfJob()): Promise<MpiCalls> {
  const { find, constant } = await openLibrary(library);
  process.env[fewestBytes.name] ??= fewestBytes.value;
  const provided = new Int32Array(1);
  check("MPI_Init_thread", find("MPI_Init_thread", ["void*", "void*", "int", "void*"])(null, null, threadMultiple, provided));
  if (provided[0] < threadMultiple) throw new Error(`startMpi(library): expected an MPI with threads, got level ${provided[0]} from ${library}. Use Open MPI 4 or newer.`);
  const [world, float, byte, add] = ["ompi_mpi_comm_world", "ompi_mpi_float", "ompi_mpi_byte", "ompi_mpi_op_sum"].map(constant);
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
    beginSum: sumsUnderWay(find, { world, float, add }),
    broadcast: (bytes, from) => later("MPI_Bcast", bcast, bytes, bytes.length, byte, from, world),
    barrier: () => later("MPI_Barrier", barrier, world),
    finalize: () => check("MPI_Finalize", finalize()),
    abort: (exitCode) => void abort(world, exitCode),
  };
}
