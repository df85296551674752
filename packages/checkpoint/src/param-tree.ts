import type * as tf from "@tensorflow/tfjs-core";
import { leaves, type ParamTree } from "@flexivit/params";
import type { LazyEntry, WeightFile } from "./entry.ts";
import { deepest } from "./nesting.ts";
import { fromTensor, toTensor } from "./tensors.ts";

/** Entries named by the paths of the leaves. */
export function entriesOf(tree: ParamTree, writer: string): Record<string, LazyEntry> {
  const entries: Record<string, LazyEntry> = Object.create(null);
  for (const { path, tensor } of leaves(tree)) {
    if (path in entries) {
      throw new Error(`${writer}(tree): expected one leaf per path, got two at "${path}". Take "/" out of the names.`);
    }
    entries[path] = fromTensor(tensor);
  }
  return entries;
}

/** The tree of a file's entries, read one by one: "a/b" is `b` in `a`; names 0, 1, 2, ... make an array. */
export async function readTree(entries: WeightFile["entries"], reader: string): Promise<ParamTree> {
  requireShallow(Object.keys(entries), reader);
  const tensors = new Map<string, tf.Tensor>();
  try {
    for (const [path, { dtype, shape, read }] of Object.entries(entries)) {
      tensors.set(path, toTensor({ dtype, shape, data: await read() }));
    }
    return treeOf(tensors, reader);
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
}

function requireShallow(names: readonly string[], reader: string): void {
  const deep = names.find((name) => name.split("/", deepest + 1).length > deepest);
  if (deep === undefined) return;
  throw new Error(`${reader}(file): expected names of at most ${deepest} parts, got "${deep.slice(0, 40)}…". Rename the entry.`);
}

/** Nested objects and arrays from leaves by path. */
export function treeOf(tensors: ReadonlyMap<string, tf.Tensor>, reader: string): ParamTree {
  const root = tensors.get("");
  if (root && tensors.size === 1) return root;
  const groups = new Map<string, Map<string, tf.Tensor>>();
  for (const [path, tensor] of tensors) {
    const cut = path.indexOf("/");
    const name = cut === -1 ? path : path.slice(0, cut);
    const rest = cut === -1 ? "" : path.slice(cut + 1);
    const group = groups.get(name) ?? new Map<string, tf.Tensor>();
    if (group.has("") || (rest === "" && group.size > 0)) {
      throw new Error(`${reader}(file): expected a leaf or a group, got both at "${name}". Rename one of the entries.`);
    }
    groups.set(name, group.set(rest, tensor));
  }
  const children = [...groups].map(([name, group]): [string, ParamTree] => [name, treeOf(group, reader)]);
  const isList = children.length > 0 && children.every(([name]) => /^\d+$/.test(name) && Number(name) < children.length);
  if (!isList) return Object.fromEntries(children);
  return children.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}
