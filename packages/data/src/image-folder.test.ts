import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fixturePath } from "@flexivit/testing";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchAt, evaluationBatches } from "./batch.ts";
import { imageFolder } from "./image-folder.ts";

let root = "";
const colours = { cat: { r: 200, g: 30, b: 60 }, dog: { r: 10, g: 220, b: 120 } };

async function put(path: string, content: Uint8Array | string): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const plain = (background: { r: number; g: number; b: number }): Sharp => sharp({ create: { width: 9, height: 6, channels: 3, background } });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "image-folder-"));
  await put("set/dog/b.png", await plain(colours.dog).png().toBuffer());
  await put("set/dog/a/c.webp", await plain(colours.dog).webp({ lossless: true }).toBuffer());
  await put("set/cat/z.PNG", await plain(colours.cat).png().toBuffer());
  await put("set/cat/a.tiff", await plain(colours.cat).tiff({ compression: "none" }).toBuffer());
  await put("set/cat/.hidden.png", "not a picture");
  await put("set/bird/notes.txt", "not a picture");
});
afterAll(() => rm(root, { recursive: true }));

describe("imageFolder", () => {
  it("lists classes and files in sorted order, sub-folders included, and reads the right colours", async () => {
    const source = await imageFolder(join(root, "set"));
    expect(source.classes).toEqual(["bird", "cat", "dog"]);
    expect(source.files.map((file) => file.slice(root.length + 5))).toEqual(["cat/a.tiff", "cat/z.PNG", "dog/a/c.webp", "dog/b.png"]);
    expect([...source.labels]).toEqual([1, 1, 2, 2]);
    const { value: batch } = await evaluationBatches(source, { batchSize: 4, imageSize: 2, framing: { kind: "shorter-side", cropFraction: 0.5 } }).next();
    const { r, g, b } = colours.cat;
    const last = colours.dog;
    const levels = [...(batch?.images ?? [])].map((value) => Math.round((value + 1) * 127.5));
    expect(levels.slice(0, 3)).toEqual([r, g, b]);
    expect(levels.slice(-3)).toEqual([last.r, last.g, last.b]);
  });

  it("takes the classes that are given, and refuses others", async () => {
    const source = await imageFolder(join(root, "set"), { classes: ["dog", "cow", "cat", "bird"] });
    expect([...source.labels]).toEqual([0, 0, 2, 2]);
    await expect(imageFolder(join(root, "set"), { classes: ["dog", "cat"] })).rejects.toThrow(
      new Error(`imageFolder(classes): expected folders of 2 classes in ${root}/set, got "bird". Add the class or move the folder.`),
    );
  });

  it("mixes grey from red, green and blue by 299 : 587 : 114", async () => {
    const source = await imageFolder(join(root, "set"), { channels: 1 });
    const batch = await batchAt(source, 0, { seed: 1, batchSize: 4, imageSize: 3, framing: { kind: "inception-crop" } });
    expect(batch.shape).toEqual([4, 3, 3, 1]);
    const grey = { 1: (200 * 299 + 30 * 587 + 60 * 114) / 1000, 2: (10 * 299 + 220 * 587 + 120 * 114) / 1000 };
    for (const [i, label] of batch.labels.entries()) {
      expect(Math.round((batch.images[9 * i] + 1) * 127.5)).toBe(Math.round(grey[label as 1 | 2]));
    }
  });

  it("gives the same batches again, from files as from memory", async () => {
    const source = await imageFolder(join(root, "set"));
    const options = { seed: 2, batchSize: 3, imageSize: 4, framing: { kind: "inception-crop" } } as const;
    expect(await batchAt(source, 5, options)).toEqual(await batchAt(await imageFolder(join(root, "set")), 5, options));
  });
});

describe("damaged and foreign files", () => {
  beforeAll(async () => {
    const jpeg = await readFile(fixturePath("images/coffee.jpg"));
    const png = await readFile(fixturePath("images/gradient.png"));
    await put("bad/a/empty.jpg", "");
    await put("bad/a/cut.jpg", jpeg.subarray(0, 20_000));
    await put("bad/a/cut.png", png.subarray(0, 600));
    await put("bad/a/text.png", "hello, I am not a picture");
    await put("bad/a/notes.txt", "hello");
    await symlink(join(root, "nowhere.png"), join(root, "bad/a/link.png"));
    await put("bad/a/jpeg-named.png", jpeg);
    await put("bad/a/tail.jpg", Buffer.concat([jpeg, Buffer.from("after the end")]));
    await put("bad/loose.png", png);
    await put("one-bad/a/cut.jpg", jpeg.subarray(0, 20_000));
    await put("one-bad/a/whole.jpg", jpeg);
    await put("only-bad/a/empty.jpg", "");
    await put("no-classes/a.png", png);
  });

  it("are left out and listed with the reason", async () => {
    const source = await imageFolder(join(root, "bad"));
    expect(source.files.map((file) => file.slice(root.length + 7))).toEqual(["jpeg-named.png", "tail.jpg"]);
    const reasons = Object.fromEntries(source.skipped.map(({ file, reason }) => [file.slice(root.length + 5), reason]));
    expect(reasons).toEqual({
      "loose.png": "not inside a class folder",
      "a/cut.jpg": "VipsJpeg: premature end of JPEG image",
      "a/cut.png": "vipspng: libpng read error",
      "a/empty.jpg": "empty file",
      "a/link.png": `ENOENT: no such file or directory, stat '${root}/bad/a/link.png'`,
      "a/notes.txt": 'extension ".txt" is none of .jpg .jpeg .png .webp .gif .tif .tiff .avif',
      "a/text.png": "Input file contains unsupported image format",
    });
  });

  it("are an error where strict, with the first of them", async () => {
    await expect(imageFolder(join(root, "bad"), { strict: true })).rejects.toThrow(
      new Error(
        `imageFolder(strict): expected readable pictures only, got 7 unusable files, the first being ${root}/bad/loose.png: ` +
          "not inside a class folder. Remove them or leave strict out.",
      ),
    );
  });

  it("surface with their name while reading where they were not looked at before", async () => {
    const source = await imageFolder(join(root, "one-bad"), { check: "name" });
    await expect(evaluationBatches(source, { batchSize: 3, imageSize: 8, framing: { kind: "squash" } }).next()).rejects.toThrow(
      new Error(
        `readPicture(${root}/one-bad/a/cut.jpg): expected a picture that can be cut and decoded, got: VipsJpeg: premature end of JPEG image. Remove or replace the file.`,
      ),
    );
  });

  it("refuses a missing folder, one without classes and one without a readable picture", async () => {
    await expect(imageFolder(join(root, "none"))).rejects.toThrow(
      new Error(`imageFolder(folder): expected a folder with one folder per class, got none at ${root}/none. Check the path.`),
    );
    await expect(imageFolder(join(root, "no-classes"))).rejects.toThrow(
      new Error(`imageFolder(folder): expected one folder per class in ${root}/no-classes, got 1 files and no folder. Put the pictures into folder/<class>/.`),
    );
    await expect(imageFolder(join(root, "only-bad"))).rejects.toThrow(
      new Error(
        `imageFolder(folder): expected readable pictures in ${root}/only-bad, got 0 and 1 unusable files, ` +
          `the first being ${root}/only-bad/a/empty.jpg: empty file. Add pictures.`,
      ),
    );
    await expect(imageFolder(join(root, "set"), { channels: 2 as 1 })).rejects.toThrow(
      new Error("fileSource(channels): expected 1 (grey) or 3 (RGB), got 2. Drop or merge the other channels first."),
    );
  });
});
