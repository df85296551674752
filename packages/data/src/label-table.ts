import { readFile } from "node:fs/promises";
import { normalize } from "node:path";

/** One line of a file of labels. */
export type LabelLine = { line: number; file: string; fields: string[] };

/** A file of labels: the names of its columns after the first, and its lines. */
export type LabelTable = { columns: string[]; lines: LabelLine[] };

/**
 * Reads comma-separated lines of `file` and further fields, the first line being the names of the fields.
 *
 * A field in quotes may hold commas, and quotes written twice; empty lines are not read.
 *
 * @throws with file and line where a line has other fields than the first, or names a picture twice
 */
export async function readLabelTable(csv: string): Promise<LabelTable> {
  const text = await readFile(csv, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`labelledFiles(csv): expected a readable file of labels, got ${error.code} at ${csv}. Check the path.`, { cause: error });
  });
  // trim() also takes the mark that some programs write before the first name.
  const rows = text
    .split(/\r?\n/)
    .map((row, i) => ({ line: i + 1, row }))
    .filter(({ row }) => row.trim() !== "");
  const [head, ...body] = rows.map(({ line, row }) => ({ line, fields: fieldsOf(row, csv, line) }));
  if (head?.fields[0] !== "file" || head.fields.length < 2) {
    refuseLine(csv, head?.line ?? 1, 'a first line such as "file,classes" or "file,width,height"', JSON.stringify(rows[0]?.row ?? ""), "Name the columns there");
  }
  const lines = body.map(({ line, fields: [file, ...fields] }) => ({ line, file, fields }));
  checkLines(csv, head.fields, lines);
  return { columns: head.fields.slice(1), lines };
}

function checkLines(csv: string, head: readonly string[], lines: readonly LabelLine[]): void {
  const seen = new Map<string, number>();
  for (const { line, file, fields } of lines) {
    if (fields.length + 1 !== head.length || file === "") {
      refuseLine(csv, line, `${head.length} fields (${head.join(", ")})`, file === "" ? "no file" : `${fields.length + 1}`, "A name with a comma needs quotes");
    }
    const earlier = seen.get(normalize(file));
    if (earlier !== undefined) refuseLine(csv, line, "each picture once", `"${file}" as in line ${earlier}`, "Remove one of the lines");
    seen.set(normalize(file), line);
  }
}

function fieldsOf(row: string, csv: string, line: number): string[] {
  const pattern = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;
  const fields: string[] = [];
  let isLast = false;
  while (!isLast) {
    const match = pattern.exec(row);
    if (!match) return refuseLine(csv, line, "quotes around whole fields", row, "Write a quote inside a field twice, and the field in quotes");
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2].trim());
    isLast = match[3] === "";
  }
  return fields;
}

/** Throws an error that names a line of a file of labels. */
export function refuseLine(csv: string, line: number, expected: string, got: string, remedy: string): never {
  throw new Error(`labelledFiles(${csv}:${line}): expected ${expected}, got ${got}. ${remedy}.`);
}
