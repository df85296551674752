import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { pixelSource, type ImageSource } from "./source.ts";

/** The two halves of a data set. */
export type Sets = { train: ImageSource; test: ImageSource };

/**
 * A set in the four IDX files of MNIST (`train-images-idx3-ubyte`, .., `t10k-labels-idx1-ubyte`, gzipped or not).
 *
 * Source of the format: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
 */
export async function idxSets(folder: string, name: string, classes: readonly string[]): Promise<Sets> {
  const half = async (prefix: string, title: string): Promise<ImageSource> => {
    const images = await readIdx(join(folder, `${prefix}-images-idx3-ubyte`), 3);
    const labels = await readIdx(join(folder, `${prefix}-labels-idx1-ubyte`), 1);
    const [, height, width] = images.shape;
    return pixelSource({ name: `${name} ${title}`, pixels: images.data, height, width, channels: 1, labels: labels.data, classes });
  };
  return { train: await half("train", "train"), test: await half("t10k", "test") };
}

/** Whether a folder holds a set as IDX files. */
export async function hasIdxSets(folder: string): Promise<boolean> {
  return (await findIdx(join(folder, "train-images-idx3-ubyte"))) !== undefined;
}

async function findIdx(file: string): Promise<string | undefined> {
  for (const path of [file, `${file}.gz`]) {
    const exists = await access(path).then(() => true, () => false);
    if (exists) return path;
  }
  return undefined;
}

/** An IDX file of bytes: two zeros, 8 for unsigned bytes, the number of axes, their lengths as big-endian uint32, values. */
async function readIdx(file: string, axes: number): Promise<{ shape: number[]; data: Uint8Array }> {
  const path = await findIdx(file);
  if (path === undefined) throw new Error(`readIdx(file): expected ${file} or the same with .gz, got neither. Install the data set again.`);
  const raw = await readFile(path);
  const bytes: Uint8Array = path.endsWith(".gz") ? await promisify(gunzip)(raw) : raw;
  const refuse = (expected: string, got: string): never => {
    throw new Error(`readIdx(${path}): expected ${expected}, got ${got}. The file is damaged: install the data set again.`);
  };
  const header = 4 + 4 * axes;
  const magic = Buffer.from(bytes.subarray(0, 4)).toString("hex");
  if (magic !== `0000080${axes}` || bytes.length < header) refuse(`an IDX file of bytes with ${axes} axes`, `${bytes.length} bytes that begin with ${magic}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = shape.reduce((product, side) => product * side, 1);
  if (bytes.length !== header + length) refuse(`${header + length} bytes for shape [${shape.join(", ")}]`, `${bytes.length}`);
  return { shape, data: bytes.subarray(header) };
}
