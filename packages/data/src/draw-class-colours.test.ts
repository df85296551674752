import { describe, expect, it } from "vitest";
import { classColour, mix, textOn, type Rgb } from "./draw-class-colours.ts";

/** Linear light of a level, by the definition of sRGB. */
const linear = (level: number): number => (level <= 10.31475 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4);

const times = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] => matrix.map((row) => row.reduce((sum, weight, i) => sum + weight * vector[i], 0));

const xyz = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

/** CIE L*a*b* of linear light, white D65. */
function lab(light: readonly number[]): number[] {
  const [x, y, z] = times(xyz, light).map((value, i) => {
    const t = value / [0.95047, 1, 1.08883][i];
    return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** What people without one kind of cone see. Source: G. Machado and others, IEEE TVCG 15, 2009, severity 1. */
const blindness = {
  none: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
};

describe("classColour", () => {
  it("gives the first 1000 classes 1000 colours", () => {
    expect(new Set(Array.from({ length: 1000 }, (_, index) => classColour(index).join())).size).toBe(1000);
  });

  it("gives the first seven Okabe and Ito's, and the next seven the same, darker by 0.4, then lighter by 0.4", () => {
    expect([0, 5, 6].map(classColour)).toEqual([[230, 159, 0], [213, 94, 0], [204, 121, 167]]);
    expect(classColour(7)).toEqual([138, 95, 0]);
    expect(classColour(14)).toEqual([240, 197, 102]);
  });

  it.each(Object.entries(blindness))("keeps the first seven apart for people with %s: at least 12 in L*a*b*, where 2 can just be seen", (_, matrix) => {
    const seen = [0, 1, 2, 3, 4, 5, 6].map((index) => lab(times(matrix, classColour(index).map(linear)).map((light) => Math.min(Math.max(light, 0), 1))));
    const distances = seen.flatMap((a, i) => seen.slice(0, i).map((b) => Math.hypot(...a.map((value, k) => value - b[k]))));
    expect(Math.min(...distances)).toBeGreaterThan(12);
  });

  it("refuses what is no index", () => {
    expect(() => classColour(-1)).toThrow(new Error("classColour(index): expected a whole number from 0 on, got -1. Give the index of a class."));
    expect(() => classColour(0.5)).toThrow("got 0.5.");
  });
});

describe("mix", () => {
  it("leaves a colour at share 0, gives the other at share 1, and goes straight between", () => {
    expect([0, 0.5, 1].map((share) => mix([10, 20, 31], [20, 0, 255], share))).toEqual([[10, 20, 31], [15, 10, 143], [20, 0, 255]]);
  });
});

describe("textOn", () => {
  it("has a contrast of at least 4.5 to 1 on each of 100 class colours, the least that WCAG 2 asks for", () => {
    const luminance = (colour: Rgb): number => times([xyz[1]], colour.map(linear))[0] + 0.05;
    const contrasts = Array.from({ length: 100 }, (_, index) => {
      const [a, b] = [luminance(classColour(index)), luminance(textOn(classColour(index)))];
      return Math.max(a, b) / Math.min(a, b);
    });
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
  });
});
