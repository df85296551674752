import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { damagedFiles, ensureFolder, looksIntact, readManifest } from "./cached-folder.ts";

let cache: string;
let folder: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "flexivit-cache-"));
  folder = join(cache, "thing-1");
});

/** Fills a folder with two files, one of them a level down. */
async function build(temporary: string): Promise<void> {
  await writeFile(join(temporary, "a"), "123456789");
  await mkdir(join(temporary, "sub"));
  await writeFile(join(temporary, "sub", "b"), "xyz");
}

test("the first call builds, the second finds, and the manifest holds size and SHA-256 of each file", async () => {
  expect(await ensureFolder(folder, { version: "7" }, build)).toBe("built");
  expect(await ensureFolder(folder, { version: "7" }, () => Promise.reject(new Error("not again")))).toBe("found");
  const digest = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"; // printf 123456789 | sha256sum
  const manifest = readManifest(folder);
  expect(manifest?.made).toEqual({ version: "7" });
  expect(Object.keys(manifest?.files ?? {}).toSorted()).toEqual(["a", join("sub", "b")]);
  expect(manifest?.files["a"]).toEqual({ bytes: 9, sha256: digest });
});

test("a changed byte is found by reading, a cut or missing file already by its size", async () => {
  await ensureFolder(folder, {}, build);
  expect([looksIntact(folder), await damagedFiles(folder)]).toEqual([true, []]);
  await writeFile(join(folder, "a"), "123456780");
  expect([looksIntact(folder), await damagedFiles(folder)]).toEqual([true, [join(folder, "a")]]);
  await truncate(join(folder, "sub", "b"), 2);
  expect([looksIntact(folder), await damagedFiles(folder)]).toEqual([false, [join(folder, "a"), join(folder, "sub", "b")]]);
});

test("a damaged folder is built again", async () => {
  await ensureFolder(folder, {}, build);
  await writeFile(join(folder, "a"), "123456780");
  expect(await ensureFolder(folder, {}, build)).toBe("built");
  expect(await readFile(join(folder, "a"), "utf8")).toBe("123456789");
});

test("a folder without a manifest counts as damaged", async () => {
  await mkdir(folder);
  expect(looksIntact(folder)).toBe(false);
  expect(await damagedFiles(folder)).toEqual([join(folder, "manifest.json")]);
});

test("a build that fails leaves nothing behind", async () => {
  const failing = ensureFolder(folder, {}, async (temporary) => {
    await build(temporary);
    throw new Error("no space");
  });
  await expect(failing).rejects.toThrow("no space");
  expect(await readdir(cache)).toEqual([]);
});

test("of two builds at once both succeed and one result stays", async () => {
  const both = await Promise.all([ensureFolder(folder, {}, build), ensureFolder(folder, {}, build)]);
  expect(both).toEqual(["built", "built"]);
  expect(await readdir(cache)).toEqual(["thing-1"]);
  expect(await damagedFiles(folder)).toEqual([]);
});

test("temporary folders of processes that are gone are removed, those of running ones stay", async () => {
  const gone = join(cache, "thing-0.999999999.abcd.partial");
  const alive = join(cache, `thing-0.${process.pid}.abcd.partial`);
  await Promise.all([mkdir(gone), mkdir(alive)]);
  await ensureFolder(folder, {}, build);
  expect([existsSync(gone), existsSync(alive)]).toEqual([false, true]);
});
