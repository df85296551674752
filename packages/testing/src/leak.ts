import * as tf from "@tensorflow/tfjs-core";

/**
 * Throws where `f` leaves tensors behind besides those it returns, which are disposed here.
 *
 * `f` runs twice and the second run counts, so a cache may fill during the first.
 */
export function expectNoLeak(f: () => Promise<unknown>): Promise<void>;
export function expectNoLeak(f: () => unknown): void;
export function expectNoLeak(f: () => unknown): void | Promise<void> {
  const first = f();
  if (first instanceof Promise) return expectNoLeakAsync(first, f as () => Promise<unknown>);
  tf.dispose(first as tf.TensorContainer);
  const before = tf.memory().numTensors;
  tf.dispose(f() as tf.TensorContainer);
  compare(before);
}

async function expectNoLeakAsync(first: Promise<unknown>, f: () => Promise<unknown>): Promise<void> {
  tf.dispose((await first) as tf.TensorContainer);
  const before = tf.memory().numTensors;
  tf.dispose((await f()) as tf.TensorContainer);
  compare(before);
}

function compare(before: number): void {
  const left = tf.memory().numTensors - before;
  if (left > 0) throw new Error(`expectNoLeak(f): expected no tensor left, got ${left}. Wrap the work in tf.tidy.`);
  if (left < 0) {
    throw new Error(`expectNoLeak(f): expected inputs untouched, got ${-left} disposed. Return copies, never inputs.`);
  }
}
