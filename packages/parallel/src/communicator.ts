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
  /**
   * Begins a `sum` that goes on while this process computes without returning to the event loop, as a backward pass does.
   * Every rank begins these sums in the same order; how they lie between the other calls does not matter.
   *
   * Optional: without it gradients go through `sum`, which a promise starts only once the backward pass is over.
   */
  beginSum?(values: Float32Array): SumUnderWay;
  /** Replaces the bytes by those of rank `from`. */
  broadcast(bytes: Uint8Array, from: number): Promise<void>;
  /** Waits until all ranks are here. */
  barrier(): Promise<void>;
  /** Leaves in good order, together with all ranks; no call may follow. */
  finish(): Promise<void>;
  /** Ends all ranks at once, this one with `exitCode`: for a rank that cannot go on while others wait for it. */
  abort(exitCode: number): void;
};

/** A sum that has begun. Its values are the transport's until it has ended. */
export type SumUnderWay = {
  /** Takes a moment to move it on, and says whether it has ended: to be called now and then while computing. */
  advance(): boolean;
  /** Waits for its end, with the event loop alive; `advance` is not to be called any more. */
  ended(): Promise<void>;
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
