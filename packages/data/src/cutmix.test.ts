import { random } from "@flexivit/random";
import { describe, expect, it } from "vitest";
import { cutBox, cutmix } from "./cutmix.ts";

describe("cutBox", () => {
  it("holds a quarter of an 8x12 picture as 4x6 pixels about the centre, all of it and nothing", () => {
    const middle = { row: 0.5, column: 0.5 };
    expect(cutBox([8, 12], 0.25, middle)).toEqual({ top: 2, left: 3, height: 4, width: 6 });
    expect(cutBox([8, 12], 1, middle)).toEqual({ top: 0, left: 0, height: 8, width: 12 });
    expect(cutBox([8, 12], 0, middle)).toMatchObject({ height: 0, width: 0 });
  });

  it("keeps the pixel of an odd side and is cut at the edges", () => {
    expect(cutBox([7, 11], 0.25, { row: 0.5, column: 0.5 })).toEqual({ top: 2, left: 3, height: 3, width: 5 });
    expect(cutBox([8, 12], 0.25, { row: 0, column: 0 })).toEqual({ top: 0, left: 0, height: 2, width: 3 });
    expect(cutBox([8, 12], 0.25, { row: 0.999, column: 0.999 })).toEqual({ top: 5, left: 8, height: 3, width: 4 });
  });

  it("holds 49/64 of a quarter on average over all places, since 7/8 of each side lie inside", () => {
    const stream = random(1, "boxes");
    const areas = Array.from({ length: 4000 }, () => {
      const { height, width } = cutBox([200, 240], 0.25, { row: stream.uniform(), column: stream.uniform() });
      return (height * width) / (200 * 240);
    });
    // A box of half the side around a uniform place loses 1/32 of the side at each edge on average: 7/16 stay.
    // An area has a standard deviation below 0.07, the mean of 4,000 below 0.0011; five of them.
    expect(Math.abs(areas.reduce((sum, area) => sum + area, 0) / 4000 - 49 / 256)).toBeLessThan(0.0055);
  });
});

describe("cutmix", () => {
  // Three pictures of 2x3 pixels with two channels; each value is 100 * picture + place in the picture.
  const batch = (): Float32Array => Float32Array.from({ length: 36 }, (_, i) => 100 * Math.floor(i / 12) + (i % 12));

  it("puts the neighbour's pixels into the box, at their own places, and leaves the rest", () => {
    const images = batch();
    expect(cutmix(images, [3, 2, 3, 2], { top: 1, left: 1, height: 1, width: 2 })).toBe(1 - 2 / 6);
    const expected = batch().map((value, i) => (i % 12 >= 8 ? ((Math.floor(i / 12) + 2) % 3) * 100 + (i % 12) : value));
    expect([...images]).toEqual([...expected]);
  });

  it("leaves the pictures alone through an empty box and rolls them through the whole one", () => {
    const images = batch();
    expect(cutmix(images, [3, 2, 3, 2], { top: 1, left: 1, height: 0, width: 2 })).toBe(1);
    expect(images).toEqual(batch());
    expect(cutmix(images, [3, 2, 3, 2], { top: 0, left: 0, height: 2, width: 3 })).toBe(0);
    expect([...images]).toEqual([...batch().subarray(24), ...batch().subarray(0, 24)]);
  });
});
