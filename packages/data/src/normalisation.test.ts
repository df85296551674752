import { expect, test } from "vitest";
import { normalise, normalisations } from "./normalisation.ts";

test("under one half, levels 0, 51, 102 and 255 are -1, -0.6, -0.2 and 1", () => {
  expect([...normalise(Uint8Array.of(0, 51, 102, 255), 1)]).toEqual([-1, Math.fround(-0.6), Math.fround(-0.2), 1]);
});

test("each channel has its own mean and deviation: ImageNet's mean colour becomes 0 to half a level, white what torchvision gives", () => {
  const mean = Uint8Array.from([0.485, 0.456, 0.406], (share) => Math.round(255 * share));
  for (const value of normalise(mean, 3, normalisations.imagenet)) expect(Math.abs(value)).toBeLessThan(0.5 / 255 / 0.224);
  // (1 - mean) / std, as torchvision's Normalize computes it.
  const white = normalise(Uint8Array.of(255, 255, 255, 255, 255, 255), 3, normalisations.imagenet);
  for (const [i, expected] of [2.2489, 2.4286, 2.64].entries()) {
    expect(white[i]).toBeCloseTo(expected, 4);
    expect(white[3 + i]).toBe(white[i]);
  }
});

test("numbers for other channels, and a deviation of 0, are refused", () => {
  expect(() => normalise(new Uint8Array(2), 1, normalisations.imagenet)).toThrow(
    new Error("normalise(mean): expected one finite number, or 1 of them, got [0.485,0.456,0.406]. Give one per channel of the pictures."),
  );
  expect(() => normalise(new Uint8Array(2), 1, { mean: 0.5, std: 0 })).toThrow(
    new Error("normalise(std): expected numbers above 0, got 0. Take 0.5 for pixels in [-1, 1]."),
  );
});
