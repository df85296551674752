import { createHash } from "node:crypto";
import { expectClose, fixturePath, readFixture, type NpyArray } from "@flexivit/testing";
import { describe, expect, it } from "vitest";
import { evaluationBatches, type Batch } from "./batch.ts";
import { fileSource } from "./file-source.ts";
import type { EvaluationFraming } from "./framing.ts";
import { resizePixels, type Resampling } from "./resize-pixels.ts";
import type { Size } from "./view.ts";

type Reference = { key: string; file: string; height: number; width: number; lossless: boolean; sha256_rgb_pil: string; sha256_tf_bilinear_u8: string; sha256_timm_eval_u8: string };

const { images } = await readFixture<{ images: Reference[] }>("images/images.json");
const arrays = await readFixture("images/preprocess.npz");

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const levelsOf = (batch: Batch): Uint8Array => Uint8Array.from(batch.images, (value) => Math.round((value + 1) * 127.5));

async function evaluated(file: string, imageSize: number | Size, framing: EvaluationFraming): Promise<Batch> {
  const source = fileSource({ files: [fixturePath(`images/${file}`)], classes: ["picture"], labels: [0] });
  for await (const batch of evaluationBatches(source, { batchSize: 1, imageSize, framing })) return batch;
  throw new Error("no batch");
}

describe("resizePixels", () => {
  const kinds: Resampling[] = ["pil-bicubic", "pil-bilinear", "tf-bilinear", "fast-bilinear"];

  it.each(kinds)("%s leaves a picture of one colour as it is, at any size", (kind) => {
    const pixels = new Uint8Array(3 * 7 * 3).map((_, i) => [10, 255, 0][i % 3]);
    for (const to of [[2, 5], [11, 3], [3, 7]] as const) {
      const out = resizePixels(pixels, [3, 7], 3, to, kind);
      expect(out).toEqual(new Uint8Array(to[0] * to[1] * 3).map((_, i) => [10, 255, 0][i % 3]));
    }
  });

  it("shrinks [0 80 160 240] to [57 183] with antialias and to [40 200] without", () => {
    const row = Uint8Array.of(0, 80, 160, 240);
    // The triangle of half-width 2 around 1 and 3 weighs 3/8 3/8 1/8 inside the row: (3 * 80 + 160) / 7 and its mirror.
    expect([...resizePixels(row, [1, 4], 1, [1, 2], "pil-bilinear")]).toEqual([57, 183]);
    expect([...resizePixels(row, [1, 4], 1, [1, 2], "tf-bilinear")]).toEqual([40, 200]);
  });
});

const inRange = (place: number): boolean => place >= 0 && place < 24;

/** Every `every`-th row and column of [240, 240, 3]. */
const sparse = <Values extends Uint8Array | Float32Array>(values: Values, every: number): Values =>
  values.filter((_, i) => (Math.floor(i / 3) % 240) % every === 0 && Math.floor(i / 720) % every === 0) as Values;

/** TensorFlow's default decoder rounds its cosine transform: up to 8 levels and 1 on average from Pillow's. */
function expectDecoderNoise(levels: ArrayLike<number>, reference: ArrayLike<number>, lossless: boolean): void {
  const differences = Array.from(levels, (level, i) => Math.abs(level - reference[i]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(lossless ? 0 : 8);
  expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThanOrEqual(lossless ? 0 : 1.2);
}

const reference = (name: string): NpyArray["data"] => arrays[name].data;

describe.each(images)("preprocessing of $file equals the references", ({ key, file, height, width, lossless, ...sums }) => {
  it("decodes to Pillow's pixels bit for bit, and to TensorFlow's where the file is lossless", async () => {
    const levels = levelsOf(await evaluated(file, [height, width], { kind: "squash" }));
    expect(sha256(levels)).toBe(sums.sha256_rgb_pil);
    const [top, left] = [height >> 1, width >> 1];
    const crop = levels.filter((_, i) => inRange(Math.floor(i / (3 * width)) - top) && inRange((Math.floor(i / 3) % width) - left));
    if (!lossless) expect([...crop]).toEqual([...reference(`${key}/decoded_crop_pil`)]);
    expectDecoderNoise(crop, reference(`${key}/decoded_crop_tf`), lossless);
  });

  it("gives timm's evaluation picture bit for bit", async () => {
    const batch = await evaluated(file, 240, { kind: "shorter-side", cropFraction: 0.95 });
    const levels = levelsOf(batch);
    expect(sha256(levels)).toBe(sums.sha256_timm_eval_u8);
    expect([...sparse(levels, 2)]).toEqual([...reference(`${key}/timm_eval_u8_sub2`)]);
    // Both are float32 of numbers up to 1, made by different operations.
    expectClose(sparse(batch.images, 8), reference(`${key}/timm_eval_sub8`), { absolute: 1.2e-7 });
  });

  it("gives big_vision's resize(240) bit for bit where the file is lossless", async () => {
    const levels = levelsOf(await evaluated(file, 240, { kind: "squash" }));
    expect(sha256(levels) === sums.sha256_tf_bilinear_u8).toBe(lossless);
    expectDecoderNoise(sparse(levels, 2), reference(`${key}/tf_bilinear_u8_sub2`), lossless);
    expectDecoderNoise(sparse(levels, 5), reference(`${key}/tf_bilinear_sub5`).map(Math.trunc), lossless);
  });
});

it("the pictures of the fixture that are stored whole are equal at every pixel", async () => {
  const chelsea = images.find(({ key }) => key === "chelsea") as Reference;
  const timm = await evaluated(chelsea.file, 240, { kind: "shorter-side", cropFraction: 0.95 });
  expect([...levelsOf(timm)]).toEqual([...reference("chelsea/timm_eval_u8")]);
  const bigVision = await evaluated(chelsea.file, 240, { kind: "squash" });
  expect([...levelsOf(bigVision)]).toEqual([...reference("chelsea/tf_bilinear_u8")]);
  // These and the kinds of arrays that the tests above compare are all that the fixture holds.
  const kinds = new Set(Object.keys(arrays).map((name) => name.split("/")[1]));
  expect([...kinds].sort()).toEqual([
    "decoded_crop_pil", "decoded_crop_tf", "tf_bilinear_sub5", "tf_bilinear_u8", "tf_bilinear_u8_sub2",
    "timm_eval_sub8", "timm_eval_u8", "timm_eval_u8_sub2",
  ]);
});
