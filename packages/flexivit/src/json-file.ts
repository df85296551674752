import { readFileSync } from "node:fs";

/** The JSON object in the file of a flag of `flexivit train`; throws where there is none, saying what is expected. */
export function readJsonObject(file: string, flag: string, expected: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new Error("other JSON");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`train(${flag}): expected ${expected}, got ${code ?? message} in ${file}. Check the file.`, { cause: error });
  }
}
