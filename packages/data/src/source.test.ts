import { describe, expect, it } from "vitest";
import { evaluationBatches } from "./batch.ts";
import { pixelSource, subset, type PixelSet } from "./source.ts";

const set: PixelSet = {
  name: "toy",
  pixels: Uint8Array.from({ length: 5 * 2 * 3 }, (_, i) => i),
  height: 2,
  width: 3,
  channels: 1,
  labels: [0, 1, 2, 1, 0],
  classes: ["a", "b", "c"],
};

describe("subset", () => {
  it("has the chosen pictures, labels and names in the given order", async () => {
    const chosen = subset(pixelSource(set), [4, 1]);
    expect([chosen.size, ...chosen.labels, chosen.name(0)]).toEqual([2, 0, 1, "toy picture 4"]);
    const { value: batch } = await evaluationBatches(chosen, { batchSize: 2, imageSize: [2, 3], framing: { kind: "centre-crop" } }).next();
    expect([...(batch?.images ?? [])].map((value) => Math.round((value + 1) * 127.5))).toEqual([24, 25, 26, 27, 28, 29, 6, 7, 8, 9, 10, 11]);
  });

  it("refuses an index outside the source", () => {
    expect(() => subset(pixelSource(set), [0, 5])).toThrow(new Error("subset(indices): expected indices in 0..4, got 5. The source has 5 pictures."));
  });
});

describe("pixelSource refuses", () => {
  it("pixels that do not fit", () => {
    expect(() => pixelSource({ ...set, width: 4 })).toThrow(
      new Error("pixelSource(pixels): expected 2x4x1 = 8 values per label, got 30 for 5 labels. Check height, width and channels."),
    );
  });

  it("a fourth channel", () => {
    expect(() => pixelSource({ ...set, channels: 4 as 3 })).toThrow(
      new Error("pixelSource(channels): expected 1 (grey) or 3 (RGB), got 4. Drop or merge the other channels first."),
    );
  });

  it("a label without a class", () => {
    expect(() => pixelSource({ ...set, labels: [0, 1, 3, 1, 0] })).toThrow(
      new Error("pixelSource(labels): expected indices of 3 classes, got 3 at 2. Correct the label or add the class."),
    );
  });
});
