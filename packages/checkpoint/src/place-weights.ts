import type { Shape } from "./layout.ts";
import { storedShape } from "./layout.ts";
import type { NameRow, NameTable } from "./name-table.ts";
import type { VitConfig } from "@flexivit/vit";

/** An entry as a file of a format has it, and the leaves of ours in it. */
export type PlacedWeight = { name: string; shape: Shape; layout: NameRow["layout"]; leaves: readonly { path: string; shape: Shape }[] };

/**
 * Where each leaf of a model stands in a file of a format; `homeless` are the leaves that have no place there.
 *
 * @param shapes the shapes of all leaves by their paths
 */
export function placeWeights(table: NameTable, config: VitConfig, shapes: ReadonlyMap<string, Shape>): { placed: PlacedWeight[]; homeless: string[] } {
  const homeless = new Set(shapes.keys());
  const placed: PlacedWeight[] = [];
  for (const row of table.rows.filter(({ when }) => when?.(config) ?? true)) {
    const indices = row.theirs.includes("{}") ? Array.from({ length: config.depth }, (_, index) => String(index)) : [""];
    for (const index of indices) {
      const paths = row.ours.map((path) => path.replace("{}", index));
      if (!paths.every((path) => homeless.has(path))) continue;
      const leaves = paths.map((path) => ({ path, shape: shapes.get(path)! }));
      const shape = storedShape(row.layout, leaves.map((leaf) => leaf.shape), config.heads);
      placed.push({ name: row.theirs.replace("{}", index), shape, layout: row.layout, leaves });
      for (const path of paths) homeless.delete(path);
    }
  }
  return { placed, homeless: [...homeless] };
}
