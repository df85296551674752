import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { layerTable, rowOf, rows, side } from "./layers.ts";
import { type Package, packagesIn, publicPackages, root } from "./workspace.ts";

const everyPackage = packagesIn("packages");
const folderOf = (name: string): string | undefined => everyPackage.find(({ manifest }) => manifest.name === name)?.folder;
const range = /^[\^~]?\d+\.\d+\.\d+$/;

function declared({ manifest }: Package): Record<string, string> {
  return { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
}

/** Packages that the sources of a package import, its tests aside. */
function imported({ path }: Package): string[] {
  const sources = readdirSync(join(path, "src"), { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const text = sources.map((file) => readFileSync(join(path, "src", file), "utf8")).join("\n");
  const names = [...text.matchAll(/(?:\bfrom\s+|^import\s+|\bimport\()"((?!\.|#|node:)(?:@[^/"]+\/)?[^/"]+)/gm)].map((found) => found[1] ?? "");
  return [...new Set(names)];
}

test("every package stands in exactly one row of the table, and the table names nothing else", () => {
  const named = [...rows.flat(), ...side].toSorted();
  expect(named).toEqual(everyPackage.map(({ folder }) => folder));
});

test("ARCHITECTURE.md shows the same table", () => {
  // `node tools/layers.ts` prints it.
  expect(readFileSync(join(root, "ARCHITECTURE.md"), "utf8")).toContain(layerTable());
});

describe.each(everyPackage.map((one) => [one.folder, one] as const))("%s", (folder, one) => {
  test("depends only on lower rows", () => {
    const internal = Object.keys(declared(one)).map(folderOf).filter((name) => name !== undefined);
    const wrong = side.includes(folder) ? [] : internal.filter((name) => side.includes(name) || rowOf(name) >= rowOf(folder));
    expect(wrong).toEqual([]);
  });

  test("imports only what it declares", () => {
    const known = new Set([one.manifest.name, ...Object.keys(declared(one)), ...(side.includes(folder) ? ["vitest"] : [])]);
    expect(imported(one).filter((name) => !known.has(name))).toEqual([]);
  });

  test("asks for real version ranges, and for the present version of its neighbours", () => {
    const wrong = Object.entries(declared(one)).filter(([name, wanted]) => {
      const neighbour = everyPackage.find(({ manifest }) => manifest.name === name);
      return neighbour ? wanted !== `^${neighbour.manifest.version}` : !range.test(wanted);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(publicPackages().map((one) => [one.folder, one] as const))("%s as a published package", (folder, one) => {
  const { path, manifest } = one;

  test("is named after its folder and open to everyone", () => {
    expect(manifest.name).toBe(folder === "flexivit" ? "flexivit" : `@flexivit/${folder}`);
    expect(manifest.publishConfig?.access).toBe("public");
    expect(manifest.license).toBe("Apache-2.0");
  });

  test("brings sources, build, README and licence, without tests", () => {
    expect(manifest.files).toEqual(expect.arrayContaining(["dist", "src", "!src/**/*.test.ts"]));
    expect(readFileSync(join(path, "README.md"), "utf8")).toContain(`# ${manifest.name}\n`);
    expect(readFileSync(join(path, "LICENSE"), "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
  });

  test("serves its sources to this workspace and its build to everyone else", () => {
    const { "./package.json": itself, ...entries } = manifest.exports ?? {};
    expect(itself).toBe("./package.json");
    expect(Object.keys(entries)).toContain(".");
    for (const target of Object.values(entries) as Record<string, string>[]) {
      const source = target["@flexivit/source"] ?? "";
      const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
      expect(Object.entries(target)).toEqual([["@flexivit/source", source], ["types", `${built}.d.ts`], ["default", `${built}.js`]]);
      expect(existsSync(join(path, source))).toBe(true);
    }
  });
});
