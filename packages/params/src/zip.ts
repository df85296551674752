import * as tf from "@tensorflow/tfjs-core";
import { leaves, mapLeaves, type ParamTree } from "./tree.ts";

/**
 * A tree of the first tree's structure with `combine(tensors, path)` in place of each leaf, where
 * `tensors` holds the leaf of every tree at that path, in the order of the trees.
 *
 * @throws where a leaf of one tree is absent in another; names its path
 */
export function zipLeaves<P extends ParamTree>(
  trees: readonly [P, ...ParamTree[]],
  combine: (tensors: tf.Tensor[], path: string) => tf.Tensor,
): P {
  const [first, ...others] = trees.map(byPath);
  for (const [index, other] of others.entries()) {
    refuseAbsent(first, other, `tree 0 but not in tree ${index + 1}`);
    refuseAbsent(other, first, `tree ${index + 1} but not in tree 0`);
  }
  return mapLeaves(trees[0], (tensor, path) =>
    combine([tensor, ...others.map((other) => other.get(path) as tf.Tensor)], path),
  );
}

/** The sum of two trees of the same structure, leaf by leaf. */
export function addTrees<P extends ParamTree>(a: P, b: P): P {
  return zipLeaves([a, b], ([x, y]) => tf.add(x, y));
}

type TensorsByPath = ReadonlyMap<string, tf.Tensor>;

function byPath(tree: ParamTree): TensorsByPath {
  return new Map(leaves(tree).map(({ path, tensor }) => [path, tensor]));
}

function refuseAbsent(present: TensorsByPath, absent: TensorsByPath, trees: string): void {
  for (const path of present.keys()) {
    if (absent.has(path)) continue;
    throw new Error(
      `zipLeaves(trees): expected trees of one structure, got "${path}" in ${trees}. Build them from the same config.`,
    );
  }
}
