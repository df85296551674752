import { deepest, isShallow } from "./nesting.ts";

/** Plain JSON: what a config is made of. */
export type Metadata = { readonly [name: string]: unknown };

/** JSON text of plain data; refuses what JSON would change without a word. */
export function stringifyMetadata(metadata: Metadata, writer: string): string {
  return JSON.stringify(metadata, (name, value: unknown) => {
    const lost = (typeof value === "number" && !Number.isFinite(value)) || typeof value === "function";
    if (lost || typeof value === "bigint" || ArrayBuffer.isView(value)) {
      const got = typeof value === "number" ? String(value) : `a ${Object.prototype.toString.call(value).slice(8, -1)}`;
      throw new Error(`${writer}(metadata): expected plain JSON, got ${got} at "${name}". Leave it out or write it as text.`);
    }
    return value;
  });
}

/** The data of a JSON text. */
export function parseMetadata(text: string, reader: string): Metadata {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (!isShallow(value)) throw new Error(`${reader}(file): expected metadata nested at most ${deepest} deep, got deeper ones. Write the file again.`);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Metadata;
  throw new Error(`${reader}(file): expected metadata of a JSON object, got ${JSON.stringify(text.slice(0, 60))}. Write the file again.`);
}
