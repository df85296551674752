import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

export type Manifest = {
  name: string;
  version: string;
  private?: boolean;
  license?: string;
  files?: string[];
  bin?: Record<string, string>;
  exports?: Record<string, string | Record<string, string>>;
  scripts?: Record<string, string>;
  publishConfig?: { access?: string };
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};

/** A workspace package: the name and path of its folder, and its package.json. */
export type Package = { folder: string; path: string; manifest: Manifest };

/** The packages under `parent` ("packages", "experiments", "tools"), by folder name. */
export function packagesIn(parent: string): Package[] {
  const parentPath = join(root, parent);
  const folders = existsSync(parentPath) ? readdirSync(parentPath).toSorted() : [];
  return folders.filter((folder) => existsSync(join(parentPath, folder, "package.json"))).map((folder) => {
    const path = join(parentPath, folder);
    return { folder, path, manifest: JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest };
  });
}

/** The packages that go to the registry. */
export function publicPackages(): Package[] {
  return packagesIn("packages").filter(({ manifest }) => !manifest.private);
}
