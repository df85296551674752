import { createHash } from "node:crypto";
import { expectClose, fixturePath, readFixture } from "@flexivit/testing";
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

describe.each(images)("preprocessing of $file equals the references", ({ key, file, height, width, lossless, ...sums }) => {
  it("decodes to Pillow's pixels bit for bit", async () => {
    const levels = levelsOf(await evaluated(file, [height, width], { kind: "squash" }));
    expect(sha256(levels)).toBe(sums.sha256_rgb_pil);
  });

  it("gives timm's evaluation picture bit for bit", async () => {
    const batch = await evaluated(file, 240, { kind: "shorter-side", cropFraction: 0.95 });
    expect(sha256(levelsOf(batch))).toBe(sums.sha256_timm_eval_u8);
    const sub8 = batch.images.filter((_, i) => Math.floor(i / 3) % 8 === 0 && Math.floor(i / 720) % 8 === 0);
    // Both are float32 of numbers up to 1, made by different operations.
    expectClose(sub8, arrays[`${key}/timm_eval_sub8`].data, { absolute: 1.2e-7 });
  });

  it("gives big_vision's resize(240) bit for bit where the file is lossless", async () => {
    const levels = levelsOf(await evaluated(file, 240, { kind: "squash" }));
    expect(sha256(levels) === sums.sha256_tf_bilinear_u8).toBe(lossless);
    const sub2 = levels.filter((_, i) => Math.floor(i / 3) % 2 === 0 && Math.floor(i / 720) % 2 === 0);
    const reference = arrays[`${key}/tf_bilinear_u8_sub2`].data;
    // TensorFlow's default decoder rounds its cosine transform: up to 8 levels and 1 on average from Pillow's.
    const differences = sub2.map((level, i) => Math.abs(level - reference[i]));
    expect(Math.max(...differences)).toBeLessThanOrEqual(lossless ? 0 : 8);
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThanOrEqual(lossless ? 0 : 1.2);
  });
});
