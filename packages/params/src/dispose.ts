import { leaves, type ParamTree } from "./tree.ts";

/** Frees every leaf of the trees; absent trees and leaves that are freed already are passed over. */
export function disposeTree(...trees: readonly (ParamTree | undefined)[]): void {
  for (const tree of trees) for (const { tensor } of leaves(tree)) tensor.dispose();
}
