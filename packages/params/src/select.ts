import * as tf from "@tensorflow/tfjs-core";
import { leaves, mapLeaves, type ParamTree } from "./tree.ts";

/** Chooses leaves by their path. */
export type PathFilter = (path: string) => boolean;

/**
 * A filter for the leaves at or below any of the given places.
 *
 * `under("head", "blocks/11")` takes "head/kernel" and "blocks/11/norm/scale", not "blocks/1/norm/scale".
 */
export function under(...places: readonly string[]): PathFilter {
  return (path) => places.some((place) => path === place || path.startsWith(`${place}/`));
}

/**
 * The same tree with only the selected leaves; the others are `undefined`, so every walk skips them.
 * The tensors are those of the tree, not copies.
 *
 * Training a selection is how a part is frozen: `selectLeaves(params, (path) => !under("backbone")(path))`.
 */
export function selectLeaves(tree: ParamTree, select: PathFilter): ParamTree {
  return mapLeaves<ParamTree>(tree, (tensor, path) => (select(path) ? tensor : (undefined as never)));
}

/**
 * The tree with the leaves of `part` in place of its own wherever `part` has one.
 *
 * @throws where `part` has a leaf that the tree has not; names its path
 */
export function mergeLeaves<P extends ParamTree>(tree: P, part: ParamTree): P {
  const replacements = new Map<string, tf.Tensor>(leaves(part).map(({ path, tensor }) => [path, tensor]));
  const merged = mapLeaves(tree, (tensor, path) => {
    const replacement = replacements.get(path);
    replacements.delete(path);
    return replacement ?? tensor;
  });
  for (const path of replacements.keys()) {
    throw new Error(
      `mergeLeaves(part): expected leaves that the tree has, got "${path}". Select the part from the same tree.`,
    );
  }
  return merged;
}
