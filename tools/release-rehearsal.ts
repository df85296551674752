// Rehearses a release: versions from the changesets, packed packages, installed and used from outside.
// node --conditions=@flexivit/source tools/release-rehearsal.ts
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Finished, runProgram } from "./run-program.ts";
import { type Manifest, publicPackages, root } from "./workspace.ts";

const folder = mkdtempSync(join(tmpdir(), "flexivit-release-"));
try {
  const copy = join(folder, "workspace");
  copyWorkspace(copy);
  const changesets = readdirSync(join(copy, ".changeset")).filter((file) => file.endsWith(".md"));
  if (changesets.length > 0) await must(runProgram("changeset", ["version"], { cwd: copy }));
  const released = versions(copy);
  console.log(`versions: ${released.map(({ name, version }) => `${name} ${version}`).join(", ")}`);
  const outside = await install(copy, released);
  await use(outside, released);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What a release needs of this workspace, without its history. */
function copyWorkspace(copy: string): void {
  for (const path of ["package.json", "package-lock.json", ".npmrc", ".changeset", "packages"]) {
    cpSync(join(root, path), join(copy, path), { recursive: true, filter: (from) => basename(from) !== "node_modules" });
  }
  const config = join(copy, ".changeset", "config.json");
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, "utf8")), changelog: false }));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
}

/** The manifests as they would be published; each must ask for its neighbours as they are released with it. */
function versions(copy: string): Manifest[] {
  const manifests = publicPackages().map(
    ({ folder }) => JSON.parse(readFileSync(join(copy, "packages", folder, "package.json"), "utf8")) as Manifest,
  );
  for (const { name, version, dependencies } of manifests) {
    if (version === "0.0.0") throw new Error(`${name}: expected a version to release, got 0.0.0. Add a changeset: npx changeset.`);
    for (const neighbour of manifests.filter((one) => dependencies?.[one.name])) {
      const wanted = dependencies?.[neighbour.name];
      if (wanted === `^${neighbour.version}`) continue;
      throw new Error(`${name}: expected ${neighbour.name} at ^${neighbour.version}, got ${wanted}. Correct its package.json.`);
    }
  }
  return manifests;
}

/** Packs every package and installs the tarballs into an empty project; third parties come from the registry. */
async function install(copy: string, released: Manifest[]): Promise<string> {
  const [tarballs, outside] = [join(folder, "tarballs"), join(folder, "outside")];
  mkdirSync(tarballs);
  mkdirSync(outside);
  const folders = publicPackages().map((one) => join(copy, "packages", one.folder));
  await must(runProgram("npm", ["pack", "--silent", "--pack-destination", tarballs, ...folders], { cwd: copy }));
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  if (files.length !== released.length) throw new Error(`npm pack: expected ${released.length} tarballs, got ${files.length}.`);
  writeFileSync(join(outside, "package.json"), JSON.stringify({ name: "outside", private: true, type: "module" }));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  await must(runProgram("npm", ["install", "--prefix", outside, ...quiet, "@tensorflow/tfjs-core@4.22.0", ...files], { cwd: outside }));
  return outside;
}

/** Imports every package from its build, checks the types from outside, and asks the command line for help. */
async function use(outside: string, released: Manifest[]): Promise<void> {
  const names = released.map(({ name }) => name);
  const lines = names.map((name, index) => `import * as package${index} from "${name}";\nvoid package${index};`);
  const checks = names.map((name) => `if (!/[/]dist[/][^/]+[.]js$/.test(import.meta.resolve("${name}"))) throw new Error("${name} is not served from dist");`);
  writeFileSync(join(outside, "use.mjs"), [...lines, ...checks, `console.log("${names.length} packages imported");`].join("\n"));
  writeFileSync(join(outside, "use.ts"), lines.join("\n"));
  const types = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--lib", "es2023,dom", "--types", "", "--skipLibCheck", "use.ts"];
  console.log((await must(runProgram(process.execPath, ["use.mjs"], { cwd: outside }))).stdout.trim());
  await must(runProgram("tsc", types, { cwd: outside }));
  await must(runProgram(join(outside, "node_modules", ".bin", "flexivit"), ["--help"], { cwd: outside }));
}

async function must(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  if (finished.code !== 0) throw new Error(`a step of the release failed:\n${finished.output}`);
  return finished;
}
