import * as tf from "@tensorflow/tfjs-core";

/**
 * Tensors in plain objects and arrays, nested in any way; `undefined` marks a part that is absent.
 *
 * Declare tree types as `type`, not `interface`: only then does TypeScript (and tf.tidy) see plain data.
 */
export type ParamTree =
  | tf.Tensor
  | readonly (ParamTree | undefined)[]
  | { readonly [name: string]: ParamTree | undefined };

/** A tree of the same structure where any leaf may be absent, as `selectLeaves` gives it. */
export type Subtree<P> = P extends tf.Tensor ? P | undefined : { [Name in keyof P]: Subtree<P[Name]> };

/** A leaf and where it sits: names and array positions joined by "/", as in "blocks/0/attention/query/kernel". */
export type Leaf = { path: string; tensor: tf.Tensor };

/** All leaves in the order of the tree's own keys. */
export function leaves(tree: ParamTree | undefined): Leaf[] {
  const found: Leaf[] = [];
  walk(tree, isTensor, "", (tensor, path) => {
    found.push({ path, tensor });
    return tensor;
  });
  return found;
}

/** A tree of the same structure with `change(tensor, path)` in place of each leaf. */
export function mapLeaves<P extends ParamTree | undefined>(tree: P, change: (tensor: tf.Tensor, path: string) => tf.Tensor): P {
  return walk(tree, isTensor, "", change) as P;
}

/** The number of scalars in all leaves. */
export function countParams(tree: ParamTree | undefined): number {
  return leaves(tree).reduce((sum, { tensor }) => sum + tensor.size, 0);
}

/** Rebuilds nested plain objects and arrays with `change(leaf, path)` in place of each leaf. */
export function walk<L>(
  node: unknown,
  isLeaf: (node: unknown) => node is L,
  path: string,
  change: (leaf: L, path: string) => unknown,
): unknown {
  if (node === undefined) return undefined;
  if (isLeaf(node)) return change(node, path);
  const below = (name: string | number) => (path === "" ? `${name}` : `${path}/${name}`);
  if (Array.isArray(node)) return node.map((child, index) => walk(child, isLeaf, below(index), change));
  if (!isPlainObject(node)) {
    throw new Error(`ParamTree: expected tensors in plain objects and arrays, got ${describe(node)} at "${path}". Remove it from the tree.`);
  }
  const entries = Object.entries(node).map(([name, child]) => [name, walk(child, isLeaf, below(name), change)]);
  return Object.fromEntries(entries);
}

function isTensor(node: unknown): node is tf.Tensor {
  return node instanceof tf.Tensor;
}

function isPlainObject(node: unknown): node is object {
  if (typeof node !== "object" || node === null) return false;
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

function describe(node: unknown): string {
  return typeof node === "object" && node !== null ? `a ${node.constructor.name}` : String(node);
}
