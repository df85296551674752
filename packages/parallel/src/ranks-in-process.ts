import type { Communicator } from "./communicator.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** A rank that waits for the others: what it called, and the numbers or bytes that it brought. */
type Arrival = { rank: number; call: string; buffer?: Float32Array | Uint8Array; resolve: () => void; reject: (error: Error) => void };

/**
 * Ranks that are parts of one process, for tests and for trying things out: `sum` adds in the order of ranks.
 *
 * @throws from every rank where the ranks make different calls, or one of them has aborted.
 */
export function ranksInProcess(size: number): Communicator[] {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new Error(`ranksInProcess(size): expected a whole number of at least 1, got ${size}. Ask for 2.`);
  }
  let arrivals: Arrival[] = [];
  let aborted: Error | undefined;
  const meet = (rank: number, call: string, buffer?: Float32Array | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      if (aborted) return reject(aborted);
      arrivals.push({ rank, call, buffer, resolve, reject });
      if (arrivals.length < size) return;
      const all = arrivals.toSorted((a, b) => a.rank - b.rank);
      arrivals = [];
      settle(all);
    });
  const abort = (rank: number, exitCode: number): void => {
    aborted = new Error(`ranksInProcess: rank ${rank} has ended all ranks with code ${exitCode}.`);
    for (const { reject } of arrivals.splice(0)) reject(aborted);
  };
  return Array.from({ length: size }, (_, rank) => communicatorOf(rank, size, meet, abort));
}

function communicatorOf(
  rank: number,
  size: number,
  meet: (rank: number, call: string, buffer?: Float32Array | Uint8Array) => Promise<void>,
  abort: (rank: number, exitCode: number) => void,
): Communicator {
  const inTurn = oneAtATime();
  return {
    rank,
    size,
    sum: (values) => inTurn(() => meet(rank, `sum of ${values.length}`, values)),
    broadcast: (bytes, from) => inTurn(() => meet(rank, `broadcast of ${bytes.length} from ${from}`, bytes)),
    barrier: () => inTurn(() => meet(rank, "barrier")),
    finish: () => inTurn(() => meet(rank, "finish")),
    abort: (exitCode) => abort(rank, exitCode),
  };
}

function settle(all: readonly Arrival[]): void {
  const calls = new Set(all.map(({ call }) => call));
  if (calls.size > 1) {
    const error = new Error(`ranksInProcess: expected the same call on every rank, got ${[...calls].join(" and ")}. Let every rank take the same way.`);
    for (const { reject } of all) reject(error);
    return;
  }
  const [{ call, buffer }] = all;
  if (call.startsWith("sum")) addUp(all.map((arrival) => arrival.buffer as Float32Array));
  else if (buffer) {
    const from = Number(call.split(" ").at(-1));
    const sent = all[from].buffer as Uint8Array;
    for (const other of all) (other.buffer as Uint8Array).set(sent);
  }
  for (const { resolve } of all) resolve();
}

function addUp(buffers: readonly Float32Array[]): void {
  const sum = Float32Array.from(buffers[0]);
  for (const buffer of buffers.slice(1)) for (let i = 0; i < sum.length; i++) sum[i] += buffer[i];
  for (const buffer of buffers) buffer.set(sum);
}
