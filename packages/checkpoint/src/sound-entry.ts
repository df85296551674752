import { arrayNameOf, bytesPerElement, dtypes } from "./elements.ts";
import { countElements, type Entry, type LazyEntry } from "./entry.ts";

/** The bytes that an entry takes in a file, after checking that type, shape and data (where present) fit together. */
export function requireSound(entry: Entry | LazyEntry, name: string, writer: string): number {
  const { dtype, shape } = entry;
  const label = `${writer}(entries[${JSON.stringify(name)}])`;
  if (!dtypes.includes(dtype)) {
    throw new Error(`${label}: expected dtype ${dtypes.join(", ")}, got ${dtype}. Convert it first.`);
  }
  const count = countElements(shape);
  if (Number.isNaN(count)) {
    throw new Error(`${label}: expected a shape of whole numbers, got [${shape.join(", ")}]. Correct the shape.`);
  }
  if ("data" in entry && (entry.data.length !== count || entry.data[Symbol.toStringTag] !== arrayNameOf(dtype))) {
    throw new Error(
      `${label}: expected ${count} elements of ${dtype} [${shape.join(", ")}] in a ${arrayNameOf(dtype)}, ` +
        `got ${entry.data.length} in a ${entry.data[Symbol.toStringTag]}. Convert the data or correct dtype and shape.`,
    );
  }
  return count * bytesPerElement(dtype);
}
