import { readFile } from "node:fs/promises";

/** Names of classes out of a file: a JSON array of texts, or one per line; none where there is no file. */
export async function labelsOf(file: string | undefined): Promise<string[] | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`labels(file): expected a readable file, got ${error.code} for ${file}. Check the path.`);
  });
  if (!text.trimStart().startsWith("[")) return text.trim().split(/\r?\n/);
  const names = parsed(text);
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw new Error(`labels(file): expected a JSON array of texts, got something else in ${file}. Write one name per class.`);
}

/** What a JSON text says; nothing where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
