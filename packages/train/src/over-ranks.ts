import { exchange, type Communicator } from "@flexivit/parallel";

/** Sums of named numbers over all ranks, in float32. Every rank has the same names in the same order. */
export async function sumNumbers(numbers: Readonly<Record<string, number>>, communicator: Communicator): Promise<Record<string, number>> {
  if (communicator.size === 1) return { ...numbers };
  const sums = Float32Array.from(Object.values(numbers));
  await communicator.sum(sums);
  return Object.fromEntries(Object.keys(numbers).map((name, i) => [name, sums[i]]));
}

/** Weights that are not the same on every rank: none of them may be kept. */
export class CameApart extends Error {
  override name = "CameApart";
}

/**
 * Throws CameApart on every rank where `value` (a norm of the weights) is not the same on all of them to the bit: they would
 * average the gradients of different models.
 */
export async function requireAlike(value: number, step: number, communicator: Communicator): Promise<void> {
  const values = await exchange(communicator, value);
  if (values.every((other) => Object.is(other, values[0]))) return;
  throw new CameApart(
    `train(communicator): expected equal weights on every rank after step ${step}, got norms ${values.join(", ")}. ` +
      "Start every rank with the same options, on processors of one kind.",
  );
}
