import * as tf from "@tensorflow/tfjs-core";
import { leaves, mapLeaves, type ParamTree } from "./tree.ts";

/**
 * A tree of the first tree's structure with `combine(tensors, path)` in place of each leaf, where
 * `tensors` holds the leaf of every tree at that path.
 *
 * @throws where a leaf of one tree is absent in another; names its path
 */
export function zipLeaves<P>(trees: readonly P[], combine: (tensors: tf.Tensor[], path: string) => tf.Tensor): P {
  const [first, ...others] = trees as readonly ParamTree[];
  const byPath = others.map((tree) => new Map(leaves(tree).map(({ path, tensor }) => [path, tensor])));
  const zipped = mapLeaves(first, (tensor, path) => {
    const matching = byPath.map((tensors, index) => tensors.get(path) ?? refuse(path, 0, index + 1));
    return combine([tensor, ...matching], path);
  });
  return zipped as P;
}
function refuse(path: string, a: number, b: number): never { throw new Error(path + a + b) }
