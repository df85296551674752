import { describe, expect, it } from "vitest";
import { applyView, type Size, type View } from "./view.ts";

/** Pixel (row, column) of a 3x5 picture holds 10 * row + column + 1, and 100 more in the second and third channel. */
const picture = (channels: number): Uint8Array =>
  Uint8Array.from({ length: 15 * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return 10 * Math.floor(pixel / 5) + (pixel % 5) + 1 + 100 * Math.min(1, i % channels);
  });
const size: Size = [3, 5];
const whole: View = {
  region: { top: 0, left: 0, height: 3, width: 5 },
  resized: size,
  window: { top: 0, left: 0, height: 3, width: 5 },
  flip: false,
  resampling: "pil-bilinear",
};

function shown(channels: number, view: View): number[] {
  const out = new Uint8Array(view.window.height * view.window.width * channels).fill(77);
  applyView(picture(channels), size, channels, view, out);
  return [...out];
}

describe("applyView", () => {
  it("shows the picture itself through the whole view", () => {
    expect(shown(1, whole)).toEqual([...picture(1)]);
    expect(shown(3, whole)).toEqual([...picture(3)]);
  });

  it("cuts a window out of a region: rows 1..2, columns 2..3 of the picture", () => {
    const view: View = { ...whole, region: { top: 1, left: 1, height: 2, width: 3 }, resized: [2, 3], window: { top: 0, left: 1, height: 2, width: 2 } };
    expect(shown(1, view)).toEqual([13, 14, 23, 24]);
  });

  it("mirrors pixels and keeps the order of channels", () => {
    const view: View = { ...whole, window: { top: 1, left: 0, height: 1, width: 3 }, flip: true };
    expect(shown(1, view)).toEqual([13, 12, 11]);
    expect(shown(3, view)).toEqual([13, 113, 113, 12, 112, 112, 11, 111, 111]);
  });

  it("is black where the window reaches outside, at the mirrored side where mirrored", () => {
    const view: View = { ...whole, window: { top: -1, left: 3, height: 2, width: 4 } };
    expect(shown(1, view)).toEqual([0, 0, 0, 0, 4, 5, 0, 0]);
    expect(shown(1, { ...view, flip: true })).toEqual([0, 0, 0, 0, 0, 0, 5, 4]);
    const above: View = { ...whole, window: { top: 2, left: -2, height: 2, width: 3 } };
    expect(shown(1, above)).toEqual([0, 0, 21, 0, 0, 0]);
    expect(shown(1, { ...above, flip: true })).toEqual([21, 0, 0, 0, 0, 0]);
  });

  it("resizes the region only: a part of one colour stays so next to other colours", () => {
    const pixels = picture(1).map((_, i) => (i % 5 === 4 ? 200 : 50));
    const view: View = { ...whole, region: { top: 0, left: 0, height: 3, width: 4 }, resized: [7, 2], window: { top: 0, left: 0, height: 7, width: 2 } };
    const out = new Uint8Array(14);
    applyView(pixels, size, 1, view, out);
    expect([...out]).toEqual(Array.from({ length: 14 }, () => 50));
  });
});
