import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluationBatches } from "./batch.ts";
import { labelledFiles } from "./labelled-files.ts";

let root = "";

/** Writes a file of labels and gives its path. */
async function csv(text: string): Promise<string> {
  const file = join(root, "labels.csv");
  await writeFile(file, text);
  return file;
}

const targetsOf = (source: { size: number; targets?: (index: number) => Float32Array }): number[][] =>
  Array.from({ length: source.size }, (_, i) => [...(source.targets?.(i) ?? [])]);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "labelled-files-"));
  await mkdir(join(root, "deep"));
  for (const [name, level] of [["a.png", 10], ["deep/b.png", 20], ["c, d.png", 30]] as const) {
    await sharp({ create: { width: 4, height: 3, channels: 3, background: { r: level, g: level, b: level } } }).toFile(join(root, name));
  }
  await writeFile(join(root, "broken.png"), "not a picture");
});
afterAll(() => rm(root, { recursive: true }));

describe("labelledFiles with several classes", () => {
  it("sorts the classes and gives 1 for each class of a picture, none included", async () => {
    const source = await labelledFiles(await csv('file,classes\r\ndeep/b.png,dog | cat\r\n\r\n"c, d.png",\r\na.png,cat\r\n'));
    expect([source.task, source.size, ...source.classes]).toEqual(["multi-label", 3, "cat", "dog"]);
    expect(targetsOf(source)).toEqual([[1, 1], [0, 0], [1, 0]]);
    expect(source.files).toEqual(["deep/b.png", "c, d.png", "a.png"].map((file) => join(root, file)));
  });

  it("reads the pictures that the lines name", async () => {
    const source = await labelledFiles(await csv('file,classes\n"c, d.png",x\na.png,y'));
    const { value: batch } = await evaluationBatches(source, { batchSize: 2, imageSize: [3, 4], framing: { kind: "centre-crop" } }).next();
    expect([0, 36].map((i) => Math.round(((batch?.images[i] ?? 0) + 1) * 127.5))).toEqual([30, 10]);
    expect([...(batch?.targets ?? [])]).toEqual([1, 0, 0, 1]);
  });

  it("takes the classes that are given, and names the line of another", async () => {
    const file = await csv("file,classes\na.png,cat\ndeep/b.png,cat|bird\n");
    expect(targetsOf(await labelledFiles(file, { classes: ["bird", "dog", "cat"] }))).toEqual([[0, 0, 1], [1, 0, 1]]);
    await expect(labelledFiles(file, { classes: ["dog", "cat"] })).rejects.toThrow(
      new Error(`labelledFiles(${file}:3): expected classes out of dog, cat, got "bird". Correct the line or add the class.`),
    );
  });
});

describe("labelledFiles with numbers", () => {
  it("takes every column, or those that are given in their order", async () => {
    const file = await csv("\uFEFFfile,age,weight,height\na.png,1.5,-2,3e2\ndeep/b.png,4,5,6\n");
    const source = await labelledFiles(file);
    expect([source.task, ...source.classes]).toEqual(["regression", "age", "weight", "height"]);
    expect(targetsOf(source)).toEqual([[1.5, -2, 300], [4, 5, 6]]);
    expect(targetsOf(await labelledFiles(file, { classes: ["height", "age"] }))).toEqual([[300, 1.5], [6, 4]]);
  });

  it.each([
    ["file,age\na.png,old", ":2): expected a number for \"age\", got \"old\". Correct the line or remove it."],
    ["file,age\na.png,", ":2): expected a number for \"age\", got \"\". Correct the line or remove it."],
    ["file,age\n\na.png,1e999", ":3): expected a number for \"age\", got \"1e999\". Correct the line or remove it."],
    ["file,weight\na.png,1", ":1): expected a column \"age\", got weight. Add the column."],
  ])("refuses %j with its line", async (text, message) => {
    const file = await csv(text);
    await expect(labelledFiles(file, { classes: ["age"] })).rejects.toThrow(new Error(`labelledFiles(${file}${message}`));
  });
});

describe("labelledFiles", () => {
  it.each([
    ["a.png,cat", ':1): expected a first line such as "file,classes" or "file,width,height", got "a.png,cat". Name the columns there.'],
    ["", ':1): expected a first line such as "file,classes" or "file,width,height", got "". Name the columns there.'],
    ["file,classes\nc, d.png,cat", ":2): expected 2 fields (file, classes), got 3. A name with a comma needs quotes."],
    ["file,classes\n,cat", ":2): expected 2 fields (file, classes), got no file. A name with a comma needs quotes."],
    ["file,classes\n./a.png,cat\nb.png,dog\ndeep/../a.png,dog", ':4): expected each picture once, got "deep/../a.png" as in line 2. Remove one of the lines.'],
    ['file,classes\n5" disc.png,cat', ':2): expected quotes around whole fields, got 5" disc.png,cat. Write a quote inside a field twice, and the field in quotes.'],
  ])("refuses %j with its line", async (text, message) => {
    const file = await csv(text);
    await expect(labelledFiles(file)).rejects.toThrow(new Error(`labelledFiles(${file}${message}`));
  });

  it("leaves out missing and damaged files with their line, and is strict where asked", async () => {
    const file = await csv("file,classes\na.png,cat\nnone.png,cat\nbroken.png,dog\n");
    const source = await labelledFiles(file);
    expect(targetsOf(source)).toEqual([[1, 0]]);
    expect(source.skipped).toEqual([
      { file: join(root, "none.png"), reason: `line 3: ENOENT: no such file or directory, stat '${root}/none.png'` },
      { file: join(root, "broken.png"), reason: "line 4: Input file contains unsupported image format" },
    ]);
    await expect(labelledFiles(file, { strict: true })).rejects.toThrow("got 2 unusable files, the first being");
  });

  it("reads quotes that are written twice, and commas, inside quotes", async () => {
    const file = await csv('file,classes\na.png,cat\n"5"" and 7"", both.png",dog\n');
    expect((await labelledFiles(file)).skipped.map((skipped) => skipped.file)).toEqual([join(root, '5" and 7", both.png')]);
  });

  it("starts relative names at another folder, and refuses a missing file of labels", async () => {
    const file = await csv("file,classes\nb.png,cat\n");
    expect((await labelledFiles(file, { folder: join(root, "deep") })).files).toEqual([join(root, "deep/b.png")]);
    await expect(labelledFiles(join(root, "none.csv"))).rejects.toThrow(
      new Error(`labelledFiles(csv): expected a readable file of labels, got ENOENT at ${root}/none.csv. Check the path.`),
    );
  });
});
