import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flexivit } from "../../test-support/program.ts";
import { requireWritableFile, requireWritableFolder, writeWhole } from "./writable.ts";

let root = "";
const file = () => join(root, "file");
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flexivit-writable-"));
  await writeFile(file(), "");
});
afterAll(() => rm(root, { recursive: true }));

/** Does something as a user whom rights hold back, which root is not. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  if (process.getuid!() !== 0) return work();
  await chmod(root, 0o777);
  process.seteuid!(65534);
  await work().finally(() => process.seteuid!(0));
}
const hasRights = process.platform !== "win32";

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

  it.runIf(hasRights)("refuses a folder that only others may write to", async () => {
    const closed = join(root, "closed");
    await mkdir(closed);
    await chmod(closed, 0o555);
    await asNobody(() => expect(requireWritableFolder(join(closed, "a"), "test(--out)")).rejects.toThrow(/got EACCES at /));
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
    for (const [place, code, remedy] of [[root, "EISDIR", "Name"], [join(root, "none", "y.npz"), "ENOENT", "Make its folder, or name"]]) {
      await expect(requireWritableFile(place, "test(--out)")).rejects.toThrow(new Error(`test(--out): expected a file that can be written, got ${code} at ${place}. ${remedy} another one.`));
    }
  });
});

describe.runIf(hasRights)("where rights are missing", () => {
  const message = (place: string) => new Error(`test(--out): expected a file that can be written, got EACCES at ${place}. Name another one.`);

  it("a read-only file in an open folder is refused", async () => {
    const readOnly = join(root, "read-only");
    await writeFile(readOnly, "old", { mode: 0o444 });
    await asNobody(async () => {
      for (const orInPlace of [false, true]) await expect(requireWritableFile(readOnly, "test(--out)", { orInPlace })).rejects.toThrow(message(readOnly));
    });
    await rm(readOnly);
  });

  it("a writable file in a closed folder is taken where it may be written in place, and written there", async () => {
    const [closed, place] = [join(root, "closed"), join(root, "closed", "open")];
    await mkdir(closed);
    await writeFile(place, "old and longer");
    await chmod(place, 0o666);
    await chmod(closed, 0o555);
    await asNobody(async () => {
      await requireWritableFile(place, "test(--out)", { orInPlace: true });
      await expect(requireWritableFile(place, "test(--out)")).rejects.toThrow(message(place));
      await writeWhole(place, ["a", "b"]);
    });
    expect(await readFile(place, "utf8")).toBe("ab");
    await rm(closed, { recursive: true });
  });
});

describe("writeWhole", () => {
  function* failing(): Generator<string> {
    yield "new";
    throw new Error("enough");
  }

  it("leaves the old file as it was where the parts of the new one end in an error, and nothing beside it", async () => {
    const place = join(root, "whole");
    await writeWhole(place, ["old", " text"]);
    await expect(writeWhole(place, failing())).rejects.toThrow("enough");
    expect([await readFile(place, "utf8"), await readdir(root)]).toEqual(["old text", ["file", "whole"]]);
    const { ino } = await stat(place);
    await writeWhole(place, ["new"]);
    expect([await readFile(place, "utf8"), (await stat(place)).ino === ino]).toEqual(["new", false]);
    await rm(place);
  });

  it.runIf(hasRights)("writes through a link, which stays one", async () => {
    const [link, target] = [join(root, "link"), join(root, "target")];
    await symlink(target, link);
    await writeWhole(link, ["new"]);
    expect([(await lstat(link)).isSymbolicLink(), await readFile(target, "utf8")]).toEqual([true, "new"]);
    await rm(link);
    await rm(target);
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
