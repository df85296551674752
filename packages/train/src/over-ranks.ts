import { exchange, type Communicator } from "@flexivit/parallel";
import { disposeTree, leaves, mapLeaves, type Leaf, type ParamTree } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";

/** Numbers that are summed at a time, 16 MB: enough for a network's full speed, little beside the gradients. */
const bucketSize = 2 ** 22;

/**
 * The sum of a tree over all ranks, leaf by leaf, with the same bits on every rank.
 *
 * TAKES the tree: its leaves are freed as they are packed into buckets. While one bucket is under way the next is packed.
 */
export async function sumOverRanks<P extends ParamTree>(tree: P, communicator: Communicator): Promise<P> {
  if (communicator.size === 1) return tree;
  const sums = new Map<string, tf.Tensor>();
  let underWay: Promise<void> = Promise.resolve();
  try {
    for (const bucket of bucketsOf(leaves(tree))) {
      const packed = await pack(bucket);
      await underWay;
      underWay = communicator.sum(packed).then(() => unpack(packed, bucket, sums));
      underWay.catch(() => undefined); // it is thrown where it is awaited
    }
    await underWay;
  } catch (error) {
    disposeTree(tree, [...sums.values()]);
    throw error;
  }
  return mapLeaves(tree, (_, path) => sums.get(path)!);
}

/** Leaves in their order, as many together as fit; a larger one is a bucket of its own. */
function bucketsOf(all: readonly Leaf[]): Leaf[][] {
  const buckets: Leaf[][] = [];
  let room = 0;
  for (const leaf of all) {
    const { size } = leaf.tensor;
    if (size > room) {
      buckets.push([]);
      room = bucketSize;
    }
    buckets.at(-1)!.push(leaf);
    room -= size;
  }
  return buckets;
}

async function pack(bucket: readonly Leaf[]): Promise<Float32Array> {
  const packed = new Float32Array(bucket.reduce((sum, { tensor }) => sum + tensor.size, 0));
  let at = 0;
  for (const { tensor } of bucket) {
    packed.set(await tensor.data<"float32">(), at);
    at += tensor.size;
    tensor.dispose();
  }
  return packed;
}

function unpack(packed: Float32Array, bucket: readonly Leaf[], sums: Map<string, tf.Tensor>): void {
  let at = 0;
  for (const { path, tensor } of bucket) {
    sums.set(path, tf.tensor(packed.subarray(at, (at += tensor.size)), tensor.shape, "float32"));
  }
}

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
