import { deserialize, serialize } from "node:v8";
import type { Communicator } from "./communicator.ts";

/**
 * The values that all ranks give, in the order of ranks, on every rank.
 *
 * @param value plain data: numbers (NaN included), texts, undefined, arrays and objects of them
 */
export async function exchange<Value>(communicator: Communicator, value: Value): Promise<Value[]> {
  if (communicator.size === 1) return [value];
  const own = serialize(value);
  const values: Value[] = [];
  for (let from = 0; from < communicator.size; from++) {
    const length = Uint32Array.of(own.length);
    await communicator.broadcast(new Uint8Array(length.buffer), from);
    const bytes = from === communicator.rank ? own : Buffer.alloc(length[0]);
    await communicator.broadcast(bytes, from);
    values.push(deserialize(bytes) as Value);
  }
  return values;
}
