import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../../test-support/program.ts";
import { requireWritableFile, requireWritableFolder } from "./writable.ts";

let root = "";
const file = () => join(root, "file");
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flexivit-writable-"));
  await writeFile(file(), "");
});
afterAll(() => rm(root, { recursive: true }));

const isRoot = process.getuid?.() === 0;

describe("requireWritableFolder", () => {
  it("takes a folder that is there, and one that could be made three below it, and makes nothing", async () => {
    await requireWritableFolder(root, "test(--out)");
    await requireWritableFolder(join(root, "a", "b", "c"), "test(--out)");
    expect(await readdir(root)).toEqual(["file"]);
  });

  it("refuses a file and what would lie in one", async () => {
    for (const place of [file(), join(file(), "a", "b")]) {
      await expect(requireWritableFolder(place, "test(--out)")).rejects.toThrow(new Error(`test(--out): expected a folder that can be written, got ENOTDIR at ${place}. Name another one.`));
    }
  });

  it.runIf(process.platform === "linux")("refuses what would lie two below /proc, where making a folder would never end", async () => {
    await expect(requireWritableFolder("/proc/a/b", "test(--out)")).rejects.toThrow(new Error("test(--out): expected a folder that can be written, got ENOENT at /proc/a/b. Name another one."));
  });

  it.skipIf(isRoot || process.platform === "win32")("refuses a folder that only others may write to", async () => {
    const closed = join(root, "closed");
    await mkdir(closed);
    await chmod(closed, 0o500);
    await expect(requireWritableFolder(join(closed, "a"), "test(--out)")).rejects.toThrow(/got EACCES at /);
    await rm(closed, { recursive: true });
  });
});

describe("requireWritableFile", () => {
  it("takes a file that is there and a new one beside it, and makes nothing", async () => {
    await requireWritableFile(file(), "test(--out)");
    await requireWritableFile(join(root, "new.npz"), "test(--out)");
    expect(await readdir(root)).toEqual(["file"]);
  });

  it("refuses a folder, and a file in a folder that is not there", async () => {
    for (const [place, code] of [[root, "EISDIR"], [join(root, "none", "y.npz"), "ENOENT"]]) {
      await expect(requireWritableFile(place, "test(--out)")).rejects.toThrow(new Error(`test(--out): expected a file that can be written, got ${code} at ${place}. Name another one.`));
    }
  });
});

describe("before anything is read", () => {
  it.each([
    ["forward", ["--checkpoint", "none.npz", "--images", "none.npz"]],
    ["resize", ["--kernel", "none.npz", "--to", "12"]],
    ["convert", ["none.npz"]],
    ["covariance", ["--data", "none"]],
  ])("%s refuses a file that could not be written in the end", async (command, flags) => {
    const place = join(file(), "y.npz");
    expect(await flexivit(command, ...flags, "--out", place)).toEqual({ code: 1, out: "", err: `${command}(--out): expected a file that can be written, got ENOTDIR at ${place}. Name another one.\n` });
  });
});
