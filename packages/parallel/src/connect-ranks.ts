import { alone, type Communicator, type SumUnderWay } from "./communicator.ts";
import { startMpi, type MpiCalls } from "./mpi-calls.ts";
import { mpiJob } from "./mpi-job.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** MPI counts in 32-bit integers; larger arrays go in pieces. */
const largestCount = 2 ** 30;

/**
 * The communicator of the job that `mpirun` started this process in; outside a job the process is `alone`.
 *
 * Call it once, before the engine starts, and `finish` at the end.
 *
 * @throws where MPI cannot be loaded, or sees another job than `mpirun` announced.
 */
export async function connectRanks(): Promise<Communicator> {
  const job = mpiJob();
  if (!job || job.size === 1) return alone;
  const mpi = await startMpi();
  if (mpi.size !== job.size || mpi.rank !== job.rank) {
    throw new Error(
      `connectRanks(): expected rank ${job.rank} of ${job.size}, as mpirun says, got rank ${mpi.rank} of ${mpi.size}. ` +
        "Start the ranks with the mpirun that belongs to the loaded library.",
    );
  }
  return communicatorOf(mpi);
}

/** Open MPI takes one blocking collective call at a time; sums that are begun are kept apart from them. */
function communicatorOf(mpi: MpiCalls): Communicator {
  const inTurn = oneAtATime();
  return {
    rank: mpi.rank,
    size: mpi.size,
    sum: (values) => inTurn(() => oneByOne(piecesOf(values), mpi.sum)),
    beginSum: (values) => together(piecesOf(values).map(mpi.beginSum)),
    broadcast: (bytes, from) => inTurn(() => oneByOne(piecesOf(bytes), (piece) => mpi.broadcast(piece, from))),
    barrier: () => inTurn(mpi.barrier),
    finish: () => inTurn(async () => mpi.finalize()),
    abort: mpi.abort,
  };
}

function piecesOf<Values extends Float32Array | Uint8Array>(values: Values): Values[] {
  const pieces = Math.ceil(values.length / largestCount);
  return Array.from({ length: pieces }, (_, i) => values.subarray(largestCount * i, largestCount * (i + 1)) as Values);
}

async function oneByOne<Piece>(pieces: readonly Piece[], call: (piece: Piece) => Promise<void>): Promise<void> {
  for (const piece of pieces) await call(piece);
}

function together(sums: readonly SumUnderWay[]): SumUnderWay {
  return { advance: () => sums.every((sum) => sum.advance()), ended: () => oneByOne(sums, (sum) => sum.ended()) };
}
