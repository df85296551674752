import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";

/** Where a packaged set is looked for. */
export type PackagedSetOptions = {
  /** A file or folder (path or file URL); the package is found where this one would import it from. The working folder by default. */
  from?: string | URL;
  /** The folder of the package itself, or one with the four IDX files of the set, gzipped or not. */
  folder?: string;
};

/** The folder of an installed npm package. */
export function npmFolder(caller: string, name: string, version: string, from: string | URL = process.cwd() + sep): string {
  try {
    return dirname(createRequire(pathOf(from)).resolve(`${name}/package.json`));
  } catch (cause) {
    const where = `the folders above ${String(from)}`;
    throw new Error(`${caller}(from): expected the npm package ${name}, got none in ${where}. Run: npm install ${name}@${version}`, { cause });
  }
}

function pathOf(from: string | URL): string | URL {
  if (from instanceof URL || from.startsWith("file:")) return from;
  // Of a folder, a file inside it: createRequire looks beside the file.
  return join(from, "anything.js");
}
