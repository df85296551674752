import { random } from "@flexivit/random";
import { describe, expect, it } from "vitest";
import { batchAt, evaluationBatches, type BatchOptions } from "./batch.ts";
import { randAugment } from "./rand-augment.ts";
import { pixelSource, type ImageSource } from "./source.ts";

/** 7 pictures of 5x6 pixels whose every value tells picture, row and column: 30 * picture + 6 * row + column. */
const source: ImageSource = pixelSource({
  name: "toy",
  pixels: Uint8Array.from({ length: 7 * 30 }, (_, i) => i),
  height: 5,
  width: 6,
  channels: 1,
  labels: [0, 1, 2, 0, 1, 2, 0],
  classes: ["a", "b", "c"],
});
const options: BatchOptions = { seed: 3, batchSize: 4, imageSize: [3, 2], framing: { kind: "pad-crop" } };
const levelsOf = (images: Float32Array): number[] => [...images].map((value) => Math.round((value + 1) * 127.5));

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("batchAt", () => {
  it("maps level 0 to -1, 255 to 1 and 51 to -0.6", async () => {
    const levels = pixelSource({ name: "levels", pixels: Uint8Array.of(0, 255, 51), height: 1, width: 3, channels: 1, labels: [0], classes: ["x"] });
    const { images } = await batchAt(levels, 0, { seed: 0, batchSize: 1, imageSize: [1, 3], framing: { kind: "centre-crop" } });
    expect([...images]).toEqual([-1, 1, Math.fround(-0.6)]);
  });

  it("gives each picture its own label, index and pixels", async () => {
    const batch = await batchAt(source, 1, options);
    expect(batch.shape).toEqual([4, 3, 2, 1]);
    const levels = levelsOf(batch.images);
    for (const [i, index] of batch.indices.entries()) {
      expect(batch.labels[i]).toBe(index % 3);
      expect([...batch.targets.subarray(3 * i, 3 * i + 3)]).toEqual([0, 1, 2].map((label) => Number(label === index % 3)));
      const [first, second, third] = levels.slice(6 * i, 6 * i + 6);
      expect(Math.floor(first / 30)).toBe(index);
      // The neighbour is one column away, to the left where mirrored; the next row is six values on.
      expect(Math.abs(second - first)).toBe(1);
      expect(third - first).toBe(6);
    }
  });

  it("is the same each time and another at the next step and for another seed", async () => {
    const batch = await batchAt(source, 5, options);
    expect(await batchAt(source, 5, options)).toEqual(batch);
    expect((await batchAt(source, 6, options)).images).not.toEqual(batch.images);
    expect((await batchAt(source, 5, { ...options, seed: 4 })).images).not.toEqual(batch.images);
  });

  it("cuts each picture of an epoch alike for any batch size, and anew in the next epoch", async () => {
    const by7 = await batchAt(source, 1, { ...options, batchSize: 7 });
    const by1 = await Promise.all(Array.from({ length: 7 }, (_, i) => batchAt(source, 7 + i, { ...options, batchSize: 1 })));
    expect(by1.flatMap(({ images }) => [...images])).toEqual([...by7.images]);
    const nextEpoch = await batchAt(source, 2, { ...options, batchSize: 7 });
    const first = (index: number, batch: typeof by7): number => levelsOf(batch.images)[6 * batch.indices.indexOf(index)];
    expect([0, 1, 2, 3, 4, 5, 6].filter((index) => first(index, by7) !== first(index, nextEpoch)).length).toBeGreaterThan(2);
  });

  it("mixes images and targets of neighbours by one weight of at least a half", async () => {
    const plain = await batchAt(source, 2, options);
    const mixed = await batchAt(source, 2, { ...options, mixup: { alpha: 1 } });
    const weight = Math.max(...mixed.targets.subarray(0, 3));
    expect(weight).toBeGreaterThanOrEqual(0.5);
    for (let i = 0; i < 4; i++) {
      const before = (i + 3) % 4;
      const expected = [0, 1, 2].map((c) => weight * plain.targets[3 * i + c] + (1 - weight) * plain.targets[3 * before + c]);
      for (let c = 0; c < 3; c++) expect(mixed.targets[3 * i + c]).toBeCloseTo(expected[c], 6);
      const pixel = weight * plain.images[6 * i] + (1 - weight) * plain.images[6 * before];
      expect(mixed.images[6 * i]).toBeCloseTo(pixel, 6);
    }
    expect(mixed.labels).toEqual(plain.labels);
    expect((await batchAt(source, 3, { ...options, mixup: { alpha: 1 } })).targets).not.toContain(weight);
  });

  it("augments each picture after the cut by draws of (seed, epoch, index), from memory as from files", async () => {
    const augment = { kind: "rand-augment", layers: 2, magnitude: 10 } as const;
    const plain = await batchAt(source, 1, { ...options, batchSize: 7 });
    const augmented = await batchAt(source, 1, { ...options, batchSize: 7, augment });
    const late: ImageSource = { ...source, read: async (index, request) => source.read(index, request) };
    expect(await batchAt(late, 1, { ...options, batchSize: 7, augment })).toEqual(augmented);
    for (const [i, index] of augmented.indices.entries()) {
      const cut = Uint8Array.from(levelsOf(plain.images).slice(6 * i, 6 * i + 6));
      const expected = randAugment(cut, [3, 2], 1, augment, random(3, "augment", 1, index));
      expect(levelsOf(augmented.images).slice(6 * i, 6 * i + 6)).toEqual([...expected]);
    }
    expect(augmented.images).not.toEqual(plain.images);
    expect(await batchAt(source, 1, { ...options, batchSize: 7, augment: { ...augment, layers: 0 } })).toEqual(plain);
  });

  it("refuses impossible sizes and steps and an empty source", async () => {
    const refusal = (step: number, changed: Partial<BatchOptions>): Promise<unknown> => batchAt(source, step, { ...options, ...changed });
    await expect(refusal(0, { batchSize: 0 })).rejects.toThrow(new Error("batchAt(batchSize): expected a whole number from 1 on, got 0. Correct the option."));
    await expect(refusal(-1, {})).rejects.toThrow(new Error("batchAt(step): expected a whole number from 0 on, got -1. Correct the option."));
    await expect(refusal(0, { imageSize: 2.5 })).rejects.toThrow(new Error("batchAt(imageSize): expected a whole number from 1 on, got 2.5. Correct the option."));
    await expect(refusal(0, { cutmix: { alpha: 1, probability: 2 } })).rejects.toThrow(
      new Error("batchAt(cutmix.probability): expected 0..1, got 2. Leave it out for 0.5 beside mixup and 1 without."),
    );
    await expect(refusal(0, { augment: { kind: "rand-augment", layers: 2, magnitude: -1 } })).rejects.toThrow(
      new Error("augment(magnitude): expected a number in 0..30, got -1. RandAugment(2, 10) is usual."),
    );
    const empty = pixelSource({ name: "none", pixels: new Uint8Array(0), height: 5, width: 6, channels: 1, labels: [], classes: ["a"] });
    await expect(batchAt(empty, 0, options)).rejects.toThrow(new Error("batchAt(source): expected at least 1 picture, got 0. Check the folder or the subset."));
  });
});

describe("evaluationBatches", () => {
  it("gives all pictures in order with a smaller last batch", async () => {
    const batches = await collect(evaluationBatches(source, { batchSize: 3, imageSize: [5, 6], framing: { kind: "centre-crop" } }));
    expect(batches.map(({ shape }) => shape[0])).toEqual([3, 3, 1]);
    expect(batches.flatMap(({ indices }) => [...indices])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(batches.flatMap(({ images }) => levelsOf(images))).toEqual(Array.from({ length: 210 }, (_, i) => i));
  });

  it("refuses a framing that draws", async () => {
    const framing = { kind: "pad-crop" } as unknown as { kind: "squash" };
    await expect(evaluationBatches(source, { batchSize: 3, imageSize: 3, framing }).next()).rejects.toThrow(
      new Error("evaluationBatches(framing): expected a framing without draws. Use shorter-side, squash or centre-crop."),
    );
  });
});
