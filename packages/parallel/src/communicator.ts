/**
 * What processes that train together need of each other. Every rank makes the same calls in the same order; each
 * call ends when all ranks have made it. Calls of one rank may overlap in time, they are carried out one by one.
 *
 * Another transport (between GPUs, or one that survives the loss of a rank) is another value of this type.
 */
export type Communicator = {
  /** This process, from 0 to `size - 1`. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Replaces each number by its sum over all ranks; the result has the same bits on every rank. */
  sum(values: Float32Array): Promise<void>;
  /** Replaces the bytes by those of rank `from`. */
  broadcast(bytes: Uint8Array, from: number): Promise<void>;
  /** Waits until all ranks are here. */
  barrier(): Promise<void>;
  /** Leaves in good order, together with all ranks; no call may follow. */
  finish(): Promise<void>;
  /** Ends all ranks at once, this one with `exitCode`: for a rank that cannot go on while others wait for it. */
  abort(exitCode: number): void;
};

/** A process on its own: every sum is the value itself. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  async sum() {},
  async broadcast() {},
  async barrier() {},
  async finish() {},
  abort: (exitCode) => process.exit(exitCode),
};
