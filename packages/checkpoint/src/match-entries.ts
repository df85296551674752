import type { Shape } from "./layout.ts";
import type { PlacedWeight } from "./place-weights.ts";

/** How many differences an error names. */
const named = 4;

/**
 * What is missing, mis-shaped or too much in a file, in words; empty where it holds exactly what a model needs.
 *
 * @param shapes the entries of the file
 */
export function entryDifferences(placed: readonly PlacedWeight[], shapes: ReadonlyMap<string, Shape>): string {
  const rest = new Set(shapes.keys());
  const differences: string[] = [];
  for (const { name, shape } of placed) {
    rest.delete(name);
    const found = shapes.get(name);
    if (!found) differences.push(`no "${name}" (expected shape ${inBrackets(shape)})`);
    else if (String(found) !== String(shape)) differences.push(`"${name}" of shape ${inBrackets(found)} (expected ${inBrackets(shape)})`);
  }
  for (const name of rest) differences.push(`"${name}" (expected none)`);
  const more = differences.length > named ? `, and ${differences.length - named} more such` : "";
  return differences.slice(0, named).join(", ") + more;
}

const inBrackets = (shape: Shape): string => `[${shape.join(", ")}]`;
