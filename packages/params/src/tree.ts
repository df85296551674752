import * as tf from "@tensorflow/tfjs-core";
import { type LeafKind, walk } from "./walk.ts";

/**
 * Tensors in plain objects and arrays, nested in any way; `undefined` marks a part that is absent.
 *
 * Declare tree types as `type`, not `interface`: only then does TypeScript (and tf.tidy) see plain data.
 */
export type ParamTree =
  | tf.Tensor
  | readonly (ParamTree | undefined)[]
  | { readonly [name: string]: ParamTree | undefined };

/** A leaf and where it sits: names and array positions joined by "/", as in "blocks/0/attention/query/kernel". */
export type Leaf = { path: string; tensor: tf.Tensor };

/** All leaves in the order of the tree's own keys. */
export function leaves(tree: ParamTree | undefined): Leaf[] {
  const found: Leaf[] = [];
  walk(tree, tensorsOf("leaves(tree)"), (tensor, path) => found.push({ path, tensor }));
  return found;
}

/** A tree of the same structure with `change(tensor, path)` in place of each leaf. */
export function mapLeaves<P extends ParamTree | undefined>(
  tree: P,
  change: (tensor: tf.Tensor, path: string) => tf.Tensor,
): P {
  return walk(tree, tensorsOf("mapLeaves(tree)"), change) as P;
}

/** The number of scalars in all leaves. */
export function countParams(tree: ParamTree | undefined): number {
  return leaves(tree).reduce((sum, { tensor }) => sum + tensor.size, 0);
}

function tensorsOf(where: string): LeafKind<tf.Tensor> {
  return { where, leaves: "tensors", isLeaf: (node) => node instanceof tf.Tensor };
}
