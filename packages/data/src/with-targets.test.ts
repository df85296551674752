import { describe, expect, it } from "vitest";
import { batchAt, evaluationBatches } from "./batch.ts";
import { pixelSource, subset, type ImageSource } from "./source.ts";
import { withTargets } from "./with-targets.ts";

const pictures: ImageSource = pixelSource({
  name: "toy",
  pixels: Uint8Array.from({ length: 3 * 2 * 5 }, (_, i) => i),
  height: 2,
  width: 5,
  channels: 1,
  labels: [0, 0, 0],
  classes: ["picture"],
});
/** Picture i has the targets 10 i + 1 and 10 i + 2. */
const source = withTargets(pictures, ["age", "weight"], Float32Array.of(1, 2, 11, 12, 21, 22));

describe("withTargets", () => {
  it("gives each picture of a batch its own targets, and no label", async () => {
    const batch = await batchAt(source, 1, { seed: 1, batchSize: 5, imageSize: [2, 3], framing: { kind: "pad-crop" } });
    expect([...batch.targets]).toEqual([...batch.indices].flatMap((index) => [10 * index + 1, 10 * index + 2]));
    expect([...batch.labels]).toEqual([-1, -1, -1, -1, -1]);
  });

  it("keeps pixels, and targets of a subset in its order", async () => {
    const options = { batchSize: 2, imageSize: [2, 5], framing: { kind: "centre-crop" } } as const;
    const { value: batch } = await evaluationBatches(subset(source, [2, 0]), options).next();
    const { value: plain } = await evaluationBatches(subset(pictures, [2, 0]), options).next();
    expect([...(batch?.targets ?? [])]).toEqual([21, 22, 1, 2]);
    expect(batch?.images).toEqual(plain?.images);
  });

  it("mixes targets as it mixes pictures: the mean of a batch stays", async () => {
    const batch = await batchAt(source, 0, { seed: 1, batchSize: 3, imageSize: [2, 5], framing: { kind: "centre-crop" }, mixup: { alpha: 1 } });
    expect([...batch.targets].sort((a, b) => a - b)).not.toEqual([1, 2, 11, 12, 21, 22]);
    // Sums of three float32 products around 20, each rounded to 2e-6.
    expect(batch.targets[0] + batch.targets[2] + batch.targets[4]).toBeCloseTo(33, 5);
  });

  it("refuses targets that do not fit or are not finite", () => {
    expect(() => withTargets(pictures, ["age"], Float32Array.of(1, 2))).toThrow(
      new Error("withTargets(targets): expected 3 pictures x 1 classes values, at least 1 per picture, got 2. Give one row per picture."),
    );
    expect(() => withTargets(pictures, ["age", "weight"], Float32Array.of(1, 2, 3, NaN, 5, 6))).toThrow(
      new Error('withTargets(targets): expected finite numbers, got NaN for "weight" of toy picture 1. Leave the picture out.'),
    );
  });
});
