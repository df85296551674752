import { random } from "@flexivit/random";
import { describe, expect, it } from "vitest";
import { applyViewToMap } from "./maps.ts";
import { scaleCrop } from "./scale-crop.ts";
import { applyView, type Size, type View } from "./view.ts";

/** Pixel (row, column) of a 3x5 map holds 10 * row + column + 1. */
const values = Int32Array.from({ length: 15 }, (_, i) => 10 * Math.floor(i / 5) + (i % 5) + 1);
const size: Size = [3, 5];
const whole: View = {
  region: { top: 0, left: 0, height: 3, width: 5 },
  resized: size,
  window: { top: 0, left: 0, height: 3, width: 5 },
  flip: false,
  resampling: "pil-bilinear",
};

function labels(view: View): number[] {
  const out = new Int32Array(view.window.height * view.window.width).fill(77);
  applyViewToMap("labels", { size, values }, view, out);
  return [...out];
}

describe("applyViewToMap", () => {
  it("shows every view that does not resize as the picture shows it, with 255 for what is outside", () => {
    for (const flip of [false, true]) {
      for (const [top, left, height, width] of [[0, 0, 3, 5], [1, 2, 2, 2], [-1, 3, 2, 4], [2, -2, 3, 4]]) {
        const view: View = { ...whole, window: { top, left, height, width }, flip };
        const out = new Uint8Array(height * width);
        applyView(Uint8Array.from(values), size, 1, view, out);
        expect(labels(view)).toEqual([...out].map((value) => (value === 0 ? 255 : value)));
      }
    }
  });

  it("takes the value under the centre of each pixel: 2 of 4 columns are 1 and 3, twice the rows are each row twice", () => {
    const half: View = { ...whole, region: { top: 0, left: 0, height: 3, width: 4 }, resized: [6, 2], window: { top: 0, left: 0, height: 6, width: 2 } };
    expect(labels(half)).toEqual([2, 4, 2, 4, 12, 14, 12, 14, 22, 24, 22, 24]);
    const part: View = { ...whole, region: { top: 1, left: 2, height: 2, width: 3 }, resized: [2, 6], window: { top: 1, left: 1, height: 1, width: 4 }, flip: true };
    expect(labels(part)).toEqual([25, 24, 24, 23]);
  });

  it("keeps the values of depths, turns the x of mirrored normals, and has zeros outside", () => {
    const view: View = { ...whole, window: { top: 0, left: 4, height: 1, width: 2 }, flip: true };
    const depth = new Float32Array(2).fill(7);
    applyViewToMap("depth", { size, values: Float32Array.from(values) }, view, depth);
    expect([...depth]).toEqual([0, 5]);
    const normals = new Float32Array(6).fill(7);
    applyViewToMap("normals", { size, values: Float32Array.from({ length: 45 }, (_, i) => i + 1) }, view, normals);
    expect([...normals]).toEqual([0, 0, 0, -13, 14, 15]);
  });
});

describe("scaleCrop", () => {
  const draw = (picture: Size, i: number) => scaleCrop(picture, [20, 30], { kind: "scale-crop", scale: [0.5, 2] }, random(1, "view", 0, i));

  it("resizes 40x90 px to 0.5..2 times what covers 20x30, cuts inside where there is room and is around it where there is not", () => {
    const views = Array.from({ length: 400 }, (_, i) => draw([40, 90], i));
    const factors = views.map(({ resized }) => resized[0] / 20);
    expect(Math.min(...factors)).toBeLessThan(0.55);
    expect(Math.max(...factors)).toBeGreaterThan(1.9);
    const mean = factors.reduce((sum, factor) => sum + Math.log2(factor), 0) / 400;
    expect(Math.abs(mean)).toBeLessThan(0.12); // 4 standard errors of a uniform logarithm in -1..1
    for (const { resized, window, region } of views) {
      expect([region.height, region.width, window.height, window.width]).toEqual([40, 90, 20, 30]);
      for (const [start, side, length] of [[window.top, resized[0], 20], [window.left, resized[1], 30]]) {
        expect(start).toBeGreaterThanOrEqual(Math.min(0, side - length));
        expect(start).toBeLessThanOrEqual(Math.max(0, side - length));
      }
    }
    expect(Math.abs(views.filter(({ flip }) => flip).length / 400 - 0.5)).toBeLessThan(0.1);
    expect(new Set(views.filter(({ window }) => window.top < 0).map(({ window }) => window.top)).size).toBeGreaterThan(4);
  });

  it("keeps the picture's shape, and refuses multiples that are none", () => {
    const { resized } = draw([40, 90], 1);
    expect(Math.abs(resized[1] / resized[0] - 2.25)).toBeLessThan(0.1);
    expect(() => scaleCrop([4, 4], [2, 2], { kind: "scale-crop", scale: [2, 1] }, random(1))).toThrow(
      new Error('framing(scale): expected 0 < from <= to, got [2,1]. Correct the framing "scale-crop".'),
    );
  });
});
