import type { Communicator, SumUnderWay } from "@flexivit/parallel";
import { type Leaf, leaves, mapLeaves, type ParamTree, type TakeGradient } from "@flexivit/params";
import * as tf from "@tensorflow/tfjs-core";

/** Numbers that are summed at a time, 4 MB: the first sum begins early, and each is large enough for a network's full speed. */
const bucketSize = 2 ** 20;

/** Gradients on their way to their sums. */
export type GradientSums = {
  /** The gradient of a leaf, once per leaf, in any order; `undefined` stands for zeros. TAKES it. */
  take: TakeGradient;
  /** The sums as a tree, the caller's, once every leaf has come in. */
  finish(): Promise<ParamTree>;
  /** Frees the gradients that wait: for an error in the middle. */
  dispose(): void;
};

/** Leaves that are summed together, and the gradients of those that came in. */
type Bucket = { leaves: readonly Leaf[]; gradients: Map<string, tf.Tensor | undefined> };
type Begun = { leaves: readonly Leaf[]; packed: Float32Array; sum: SumUnderWay };

/**
 * Sums gradients over all ranks, with the same bits on each, from when they come in: while others are still computed.
 *
 * Leaves go in buckets, in the reverse order of the tree: about that in which a backward pass is through with them. The sum of
 * a bucket begins when it is whole and all before it have begun, so that every rank begins the same sums in the same
 * order, whatever the order of its gradients. These are freed as they are packed.
 *
 * @param tree the leaves that have gradients; only their paths and shapes are read
 * @param size numbers in a bucket; a larger leaf is a bucket of its own
 */
export function gradientSums(tree: ParamTree, communicator: Communicator, size: number = bucketSize): GradientSums {
  if (communicator.size === 1) return ownGradients(tree);
  const waiting = bucketsOf(leaves(tree).toReversed(), size);
  const bucketOf = new Map(waiting.flatMap((bucket) => bucket.leaves.map(({ path }) => [path, bucket])));
  const begun: Begun[] = [];
  let ended = 0;
  return {
    take(path, gradient) {
      bucketOf.get(path)!.gradients.set(path, gradient);
      while (waiting.length > 0 && isWhole(waiting[0])) {
        begun.push(begin(waiting[0], communicator));
        waiting.shift();
      }
      while (ended < begun.length && begun[ended].sum.advance()) ended++;
    },
    async finish() {
      const sums = await unpacked(begun);
      return mapLeaves(tree, (_, path) => sums.get(path)!);
    },
    dispose: () => waiting.forEach(({ gradients }) => tf.dispose([...gradients.values()])),
  };
}

/** Of a process on its own: its gradients are the sums. */
function ownGradients(tree: ParamTree): GradientSums {
  const gradients = new Map<string, tf.Tensor>();
  return {
    take: (path, gradient) => void (gradient && gradients.set(path, gradient)),
    finish: async () => mapLeaves(tree, (tensor, path) => gradients.get(path) ?? tf.zerosLike(tensor)),
    dispose: () => tf.dispose([...gradients.values()]),
  };
}

/** Leaves in their order, as many together as fit. */
function bucketsOf(all: readonly Leaf[], size: number): Bucket[] {
  const buckets: Leaf[][] = [];
  let room = 0;
  for (const leaf of all) {
    if (leaf.tensor.size > room) {
      buckets.push([]);
      room = size;
    }
    buckets.at(-1)!.push(leaf);
    room -= leaf.tensor.size;
  }
  return buckets.map((together) => ({ leaves: together, gradients: new Map() }));
}

function isWhole({ leaves, gradients }: Bucket): boolean {
  return gradients.size === leaves.length;
}

function begin(bucket: Bucket, communicator: Communicator): Begun {
  const packed = pack(bucket);
  const afterThePass: SumUnderWay = { advance: () => false, ended: () => communicator.sum(packed) };
  return { leaves: bucket.leaves, packed, sum: communicator.beginSum?.(packed) ?? afterThePass };
}

function pack({ leaves, gradients }: Bucket): Float32Array {
  const packed = new Float32Array(leaves.reduce((sum, { tensor }) => sum + tensor.size, 0));
  let at = 0;
  for (const { path, tensor } of leaves) {
    const gradient = gradients.get(path);
    if (gradient) packed.set(gradient.dataSync<"float32">(), at);
    gradient?.dispose();
    at += tensor.size;
  }
  return packed;
}

/** The sums by path; each bucket is let go as it is unpacked. */
async function unpacked(begun: Begun[]): Promise<Map<string, tf.Tensor>> {
  const sums = new Map<string, tf.Tensor>();
  try {
    for (let next = begun.shift(); next; next = begun.shift()) {
      await next.sum.ended();
      let at = 0;
      for (const { path, tensor } of next.leaves) {
        sums.set(path, tf.tensor(next.packed.subarray(at, (at += tensor.size)), tensor.shape, "float32"));
      }
    }
    return sums;
  } catch (error) {
    tf.dispose([...sums.values()]);
    throw error;
  }
}
