import type { SumUnderWay } from "./communicator.ts";
import { check, later, type ForeignFunction } from "./foreign-functions.ts";

/** From mpi.h: results may replace what is sent. */
export const inPlace = 1n;

/**
 * Gives a function that begins in-place sums over all ranks which go on while JavaScript computes (MPI_Iallreduce).
 *
 * They have a communicator of their own, which all ranks make here, so that their order matters among themselves only.
 * Open MPI moves them on within its own functions: `advance` looks in on them, `ended` waits in a thread.
 */
export function sumsUnderWay(
  find: (name: string, parameters: string[]) => ForeignFunction,
  { world, float, add }: { world: unknown; float: unknown; add: unknown },
): (values: Float32Array) => SumUnderWay {
  const own = new BigUint64Array(1);
  check("MPI_Comm_dup", find("MPI_Comm_dup", ["void*", "void*"])(world, own));
  const begin = find("MPI_Iallreduce", ["void*", "void*", "int", "void*", "void*", "void*", "void*"]);
  const [test, wait] = [find("MPI_Test", ["void*", "void*", "void*"]), find("MPI_Wait", ["void*", "void*"])];
  /** What Open MPI writes to: not to be collected before the end, even where nobody asks for it after an error. */
  const held = new Set<Float32Array>();
  return (values) => {
    const [request, flag] = [new BigUint64Array(1), new Int32Array(1)];
    held.add(values);
    check("MPI_Iallreduce", begin(inPlace, values, values.length, float, add, own[0], request));
    const isOver = (): boolean => flag[0] !== 0;
    return {
      advance() {
        if (!isOver()) check("MPI_Test", test(request, flag, null));
        if (isOver()) held.delete(values);
        return isOver();
      },
      async ended() {
        if (!isOver()) await later("MPI_Wait", wait, request, null);
        flag[0] = 1;
        held.delete(values);
      },
    };
  };
}
