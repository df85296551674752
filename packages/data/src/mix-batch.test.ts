import { describe, expect, it } from "vitest";
import { mixBatch, type MixOptions } from "./mix-batch.ts";

const [batch, height, width] = [3, 20, 30];
/** Pictures of one level each, 0, 1 and 2, and their labels as probabilities. */
function mixed(step: number, options: MixOptions): { images: Float32Array; targets: Float32Array } {
  const length = height * width;
  const images = Float32Array.from({ length: batch * length }, (_, i) => Math.floor(i / length));
  const targets = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  mixBatch({ images, targets, shape: [batch, height, width, 1] }, 7, step, options);
  return { images, targets };
}
const steps = Array.from({ length: 2000 }, (_, step) => step);
/** A mixed-up batch holds levels between the pictures', a cut-mixed one does not. */
const isCut = ({ images }: { images: Float32Array }): boolean => images.every((level) => Number.isInteger(level));

describe("mixBatch with cutmix", () => {
  it("gives each label the share of pixels that the picture has, exactly to float32", () => {
    for (const step of steps.slice(0, 50)) {
      const { images, targets } = mixed(step, { cutmix: { alpha: 1 } });
      for (let row = 0; row < batch; row++) {
        const picture = images.subarray(row * height * width, (row + 1) * height * width);
        const shares = [0, 1, 2].map((level) => Math.fround(picture.filter((value) => value === level).length / (height * width)));
        // 1 - (1 - share) in float32 may differ from the share in the last bit of 1.
        for (const level of [0, 1, 2]) expect(Math.abs(targets[3 * row + level] - shares[level])).toBeLessThan(1.2e-7);
      }
    }
  });

  it("leaves a picture 0.68 of itself on average where alpha is 1", () => {
    // Within the picture it would be 1/2. A side s = sqrt(u), u uniform, keeps s - s^2 / 4 of itself inside on average:
    // E[(s - s^2 / 4)^2] = E[s^2] - E[s^3] / 2 + E[s^4] / 16 = 1/2 - 1/5 + 1/48 = 0.3208 is cut, less what whole pixels cut off.
    const kept = steps.map((step) => mixed(step, { cutmix: { alpha: 1 } }).targets[0]);
    const mean = kept.reduce((sum, share) => sum + share, 0) / kept.length;
    // A share has a standard deviation of 0.22, the mean of 2,000 0.005: five of them, and 0.02 for floor() of both sides.
    expect(mean).toBeGreaterThan(1 - 0.3208 - 0.025);
    expect(mean).toBeLessThan(1 - 0.3208 + 0.025 + 0.02);
  });

  it("draws another box at each step, and cuts every batch where nothing else is asked for", () => {
    const shares = steps.map((step) => mixed(step, { cutmix: { alpha: 1 } }).targets[0]);
    // Boxes of 20x30 pixels have some 250 different areas.
    expect(new Set(shares).size).toBeGreaterThan(100);
    // sqrt(share) * 20 < 1 has probability 1/400: 5 of 2,000 boxes hold no pixel, with standard deviation 2.2.
    expect(shares.filter((share) => share === 1).length).toBeLessThan(17);
  });

  it("takes half of the batches beside mixup, and the share that is given", () => {
    const cut = (options: MixOptions): number => steps.filter((step) => isCut(mixed(step, options))).length;
    // 1,000 and 400 expected with standard deviations 22 and 18; five of them.
    expect(Math.abs(cut({ mixup: { alpha: 1 }, cutmix: { alpha: 1 } }) - 1000)).toBeLessThan(112);
    expect(Math.abs(cut({ mixup: { alpha: 1 }, cutmix: { alpha: 1, probability: 0.2 } }) - 400)).toBeLessThan(90);
    const untouched = steps.filter((step) => mixed(step, { cutmix: { alpha: 1, probability: 0.2 } }).targets[0] === 1).length;
    // Some boxes hold no pixel: sqrt(share) * 20 < 1 has probability 1/400.
    expect(Math.abs(untouched - 1600)).toBeLessThan(90);
  });

  it("is the same each time, and mixes a step as mixup alone where it does not cut", () => {
    const both: MixOptions = { mixup: { alpha: 0.2 }, cutmix: { alpha: 1 } };
    for (const step of steps.slice(0, 20)) {
      const result = mixed(step, both);
      expect(mixed(step, both)).toEqual(result);
      expect(result).toEqual(mixed(step, isCut(result) ? { cutmix: { alpha: 1 } } : { mixup: { alpha: 0.2 } }));
    }
  });
});
