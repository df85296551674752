/** What a walk looks for, and how its errors name that and the caller. */
export type LeafKind<Leaf> = { where: string; leaves: string; isLeaf: (node: unknown) => node is Leaf };

/**
 * Nested plain objects and arrays with `change(leaf, path)` in place of each leaf; `undefined` stays.
 *
 * @throws where a node is neither a leaf, an array nor a plain object; names its path
 */
export function walk<Leaf>(
  node: unknown,
  kind: LeafKind<Leaf>,
  change: (leaf: Leaf, path: string) => unknown,
  path = "",
): unknown {
  if (node === undefined) return undefined;
  if (kind.isLeaf(node)) return change(node, path);
  const prefix = path === "" ? "" : `${path}/`;
  const below = (name: string | number, child: unknown) => walk(child, kind, change, `${prefix}${name}`);
  if (Array.isArray(node)) return node.map((child, index) => below(index, child));
  if (isPlainObject(node)) {
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, below(name, child)]));
  }
  throw new Error(
    `${kind.where}: expected ${kind.leaves} in plain objects and arrays, got ${nameOf(node)} at "${path}". ` +
      `Remove it from the tree.`,
  );
}

function isPlainObject(node: unknown): node is object {
  if (typeof node !== "object" || node === null) return false;
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(node: unknown): string {
  return typeof node === "object" && node !== null ? `a ${node.constructor.name}` : String(node);
}
