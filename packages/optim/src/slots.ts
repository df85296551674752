import * as tf from "@tensorflow/tfjs-core";
import { leaves, type ParamTree } from "@flexivit/params";

/** What an optimiser remembers about one leaf: tensors by name. */
export type Slots = { readonly [name: string]: tf.Tensor };

/** The shapes of a leaf's slots by their names. */
export type SlotShapes = { readonly [name: string]: readonly number[] };

/** Slots before the first update of their leaf: zeros. */
export function freshSlots(shapes: SlotShapes): Slots {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, tf.zeros([...shape])]));
}

/** Slots by the path of their leaf; their own name is the last part of a path, however deep the tree is nested. */
export function groupByLeaf(slots: ParamTree): Map<string, Slots> {
  const grouped = new Map<string, Record<string, tf.Tensor>>();
  for (const { path, tensor } of leaves(slots)) {
    const cut = path.lastIndexOf("/");
    const leaf = path.slice(0, Math.max(cut, 0));
    grouped.set(leaf, { ...grouped.get(leaf), [path.slice(cut + 1)]: tensor });
  }
  return grouped;
}

/** Throws where a leaf's slots are not those that the optimiser keeps, as when a run goes on with another optimiser. */
export function requireSlots(
  optimizer: string,
  slotsOf: ReadonlyMap<string, Slots>,
  shapesOf: ReadonlyMap<string, SlotShapes>,
): void {
  for (const [path, shapes] of shapesOf) {
    const slots = slotsOf.get(path);
    if (!slots) continue;
    const expected = describe(shapes);
    const got = describe(Object.fromEntries(Object.entries(slots).map(([name, { shape }]) => [name, shape])));
    if (got === expected) continue;
    throw new Error(
      `applyUpdates(slots): expected ${expected} of ${optimizer} at "${path}", got ${got}. ` +
        "Go on with the optimiser that made them, or start without slots.",
    );
  }
}

function describe(shapes: SlotShapes): string {
  const names = Object.keys(shapes).toSorted();
  return names.length === 0 ? "no slots" : names.map((name) => `${name} [${shapes[name].join(", ")}]`).join(", ");
}
