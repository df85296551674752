import { random } from "@flexivit/random";

/**
 * The order in which an epoch visits `size` pictures: a permutation of 0..size-1, each equally likely.
 *
 * A function of (size, seed, epoch) alone. The caller owns the array.
 */
export function epochOrder(size: number, seed: number, epoch: number): Uint32Array {
  return random(seed, "order", epoch).permutation(size);
}

/** Where a training step stands: which pictures it reads, and in which epoch each of them. */
export type Draw = { index: number; epoch: number };

/**
 * The pictures of training step `step`, counted from 0: entries step * batchSize onwards of all epochs in a row.
 *
 * So every picture comes once per epoch, a batch may reach into the next epoch, and a resumed run
 * needs the step number only.
 */
export function drawsAt(size: number, seed: number, batchSize: number, step: number): Draw[] {
  return Array.from({ length: batchSize }, (_, i) => {
    const position = step * batchSize + i;
    const epoch = Math.floor(position / size);
    return { index: recentOrder(size, seed, epoch)[position - epoch * size], epoch };
  });
}

/** The last orders, so that the steps of an epoch do not shuffle again; more than one since a batch may span epochs. */
const recent = new Map<string, Uint32Array>();
const keptOrders = 4;

function recentOrder(size: number, seed: number, epoch: number): Uint32Array {
  const key = `${size} ${seed} ${epoch}`;
  const known = recent.get(key);
  if (known) return known;
  const order = epochOrder(size, seed, epoch);
  for (const old of [...recent.keys()].slice(0, Math.max(0, recent.size + 1 - keptOrders))) recent.delete(old);
  recent.set(key, order);
  return order;
}
