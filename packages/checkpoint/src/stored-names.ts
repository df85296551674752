import type { NameTable } from "./name-table.ts";

/** The entries of a file by the names that a table has for them; the values are the names in the file. */
export type StoredNames = ReadonlyMap<string, string>;

/**
 * The names of a file as a table spells them: without prefix, earlier names as today's. Where a prefix covers all
 * weights, what stands outside it (the state of an optimiser) is left out.
 */
export function storedNames(names: readonly string[], table: NameTable): StoredNames {
  const prefix = table.prefixes.find((text) => names.some((name) => name.startsWith(text))) ?? "";
  const found = new Map<string, string>();
  for (const name of names) {
    if (name.startsWith(prefix)) found.set(renamed(name.slice(prefix.length), table), name);
    else if (!table.prefixOfHead) found.set(name, name);
  }
  return found;
}

/** The name under which an entry is written. */
export function writtenName(name: string, table: NameTable, hasHead: boolean): string {
  const isHead = table.rows.some(({ theirs, ours }) => theirs === name && ours[0].startsWith("head/"));
  return isHead && !table.prefixOfHead ? name : table.writtenPrefix(hasHead) + name;
}

function renamed(name: string, { renamed: pairs }: NameTable): string {
  const pair = pairs.find(([old]) => old.test(name));
  return pair ? name.replace(...pair) : name;
}

/** How many of the names are those of a row. */
export function countKnown(stored: StoredNames, table: NameTable): number {
  const known = new Set(table.rows.map(({ theirs }) => theirs));
  return [...stored.keys()].filter((name) => known.has(splitIndex(name, table).pattern)).length;
}

/** "blocks.3.norm1.weight" as "blocks.{}.norm1.weight" and 3. */
export function splitIndex(name: string, { beforeIndex }: NameTable): { pattern: string; index?: number } {
  const digits = name.startsWith(beforeIndex) ? /^\d+/.exec(name.slice(beforeIndex.length))?.[0] : undefined;
  if (digits === undefined) return { pattern: name };
  return { pattern: `${beforeIndex}{}${name.slice(beforeIndex.length + digits.length)}`, index: Number(digits) };
}
